"""Learning a recipe: variances from the matches that are over, intervals from past forecasts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import stats
from threadpoolctl import threadpool_limits

from valuebox.compartments.handle.book import DAY, Book, Codes
from valuebox.compartments.handle.forecasting import Fitted, Forecast, Z
from valuebox.compartments.handle.recipe import LEADS, Recipe, lead_class
from valuebox.statistics.arrays import Floats
from valuebox_training.handle.variances import likeliest
from valuebox_training.sharing import each

if TYPE_CHECKING:
    from distributed import Client

_WEEK: Final = 7 * DAY
_DAYS: Final = (0, 3, 5, 6)
"""Days of a week on which forecasts would have been made."""
_FEWEST: Final = 30
"""Matches that are over below which nothing is forecast."""
_MODEL: Final = 4.0
"""How many weeks what the model says of its intervals counts as."""
_ALIKE: Final = 12.0
"""How many weeks counts as, for one class of leads, what all classes say together."""
_MORE: Final = 0.25
"""How likely the true scale of errors is above what intervals are made by."""
_MOST: Final = 5.0
"""Deviations that a single forecast counts as at most."""


@dataclass(frozen=True)
class Past:
    """A forecast of a past moment, and what came true."""

    fitted: Fitted
    """A recipe, applied to what was known then."""
    forecast: Forecast
    """Of matches of the week after that moment that are over by now."""
    actual: Floats
    at: np.datetime64
    week: int
    """How many weeks back; matches of a week share most of what foretells them badly."""


def learn(book: Book, weeks: int = 12) -> Recipe:
    """Learn a recipe from what was loaded; see `learn_by_past`."""
    return learn_by_past(book, weeks)[0]


def learn_by_past(
    book: Book, weeks: int, client: "Client | None" = None
) -> tuple[Recipe, list[Past]]:
    """Learn a recipe from what was loaded, and make the forecasts of past weeks by it.

    Args:
        book: All that had been loaded by the moment that counts; see `Book.up_to`.
        weeks: From how many past weeks intervals are learned.
        client: Of a Dask cluster that forecasts the past weeks; None does so here.
    """
    fitted = Fitted(Recipe(), book.latest)
    recipe = Recipe(variances=likeliest(fitted.past, fitted.worth[fitted.learned], fitted.noise))
    made = past(recipe, book, weeks, client)
    recipe = calibrated(recipe, made)
    return recipe, made_again(recipe, made)


def made_again(recipe: Recipe, made: Iterable[Past]) -> list[Past]:
    """Forecasts of the same past moments by another recipe."""
    found = []
    for one in made:
        ids = [match.id for match in one.forecast.asked]
        actual = dict(zip(ids, one.actual.tolist(), strict=True))
        again = _made_by(one.fitted.under(recipe), one.at, one.week, actual)
        found += [] if again is None else [again]
    return found


def past(recipe: Recipe, book: Book, weeks: int, client: "Client | None" = None) -> list[Past]:
    """Forecasts of past weeks, as they would have been made, on each of four days."""
    moments = [(week, at) for week, days in past_weeks(book, weeks) for at in days]
    made = each(client, _made_apart, moments, recipe, book, handles(book))
    return [one for one in made if one is not None]


def _made_apart(
    recipe: Recipe, book: Book, actual: Mapping[str, float], part: tuple[int, np.datetime64]
) -> Past | None:
    week, at = part
    # Sums of matrices differ in their last digits with the number of threads.
    with threadpool_limits(1):
        return made_at(recipe, book, at, week, actual)


def handles(book: Book) -> dict[str, float]:
    """The handle of every match that is over, by its id."""
    final = Fitted(Recipe(), book.latest)
    ids = final.book.matches.id[final.over].tolist()
    return dict(zip(ids, final.totals[final.over].tolist(), strict=True))


def past_weeks(book: Book, weeks: int) -> list[tuple[int, list[np.datetime64]]]:
    """The last weeks in which matches were played, the earliest first.

    Each is how many weeks back it is, and the moments of it at which forecasts would have been
    made. Weeks in which nothing is played say nothing.
    """
    final = Fitted(Recipe(), book.latest)
    kickoffs, through = final.book.matches.kickoff[final.over], final.book.through
    if not len(kickoffs):
        return []
    last = kickoffs.max().astype("datetime64[D]").astype("datetime64[s]") + DAY
    hour = through - through.astype("datetime64[D]")
    back = np.unique(np.ceil((last + hour - kickoffs) / _WEEK).astype(np.int64))[:weeks]
    return [
        (week, [last - week * _WEEK + day * DAY + hour for day in _DAYS])
        for week in back[::-1].tolist()
    ]


def made_at(
    recipe: Recipe, book: Book, at: np.datetime64, week: int, actual: Mapping[str, float]
) -> Past | None:
    """What would have been forecast of the coming week; None where nothing could be judged.

    Args:
        recipe: What forecasts are made by.
        book: All that was loaded, also what came after the moment.
        at: The moment.
        week: How many weeks back it is.
        actual: The handles of matches that are over by now.
    """
    return _made_by(Fitted(recipe, book.at(at)), at, week, actual)


def _made_by(
    fitted: Fitted, at: np.datetime64, week: int, actual: Mapping[str, float]
) -> Past | None:
    known = fitted.book
    asked = known.fixtures((known.matches.kickoff > at) & (known.matches.kickoff <= at + _WEEK))
    over = [row for row, one in enumerate(asked) if one.id in actual]
    if not over or len(fitted.over) < _FEWEST:
        return None
    # All are asked about, as the service is: which these are decides on the last digits.
    said = fitted.forecast(asked).take(over)
    return Past(fitted, said, np.array([actual[one.id] for one in said.asked]), at, week)


def calibrated(recipe: Recipe, made: list[Past]) -> Recipe:
    """A recipe whose intervals are as wide as past forecasts were off.

    All leads are pooled, since a class has few forecasts of its own; a class departs from the pool
    by what weeks it has.
    """
    if not made:
        return recipe
    off = np.concatenate([np.abs(_standardised(one)) for one in made])
    weeks = np.concatenate([np.full(len(one.actual), one.week) for one in made])
    classes = np.concatenate([lead_class(one.forecast.lead) for one in made])
    pooled = scale_of(off, weeks, 1.0, _MODEL)
    further = beyond(len(np.unique(weeks)) + _MODEL)
    wider = [
        scale_of(off[classes == one], weeks[classes == one], pooled, _ALIKE) * further
        for one in range(len(LEADS))
    ]
    totals = []
    for one in made:
        mean, _, high = one.forecast.total(range(len(one.actual)), 1.0)
        deviation = np.log(high / mean) / Z
        totals.append(abs(np.log(one.actual.sum() / mean)) / max(deviation, 1e-3))
    total = scale_of(np.array(totals), np.array([one.week for one in made]), 1.0, _MODEL)
    return recipe.model_copy(update={"wider": wider, "wider_total": total * further})


def _standardised(one: Past) -> Floats:
    """How far logarithms of handles were from the middle of their intervals, in deviations."""
    variance = np.diag(one.forecast.covariance)
    middle = np.log(one.forecast.mean) - variance * one.fitted.recipe.skew
    found: Floats = (np.log(one.actual) - middle) / np.maximum(np.sqrt(variance), 1e-3)
    return found


def scale_of(off: Floats, weeks: Codes, otherwise: float, counts_as: float) -> float:
    """By how much deviations are larger than is said.

    Forecasts within a week are off together, so that each week counts the same, as one.

    Args:
        off: Errors in deviations, above 0.
        weeks: Which week each is of.
        otherwise: What is believed beside these weeks.
        counts_as: How many weeks that counts as.
    """
    if not len(off):
        return otherwise
    _, of = np.unique(weeks, return_inverse=True)
    squares = np.bincount(of, np.minimum(off, _MOST) ** 2) / np.bincount(of)
    both = float(squares.sum()) + otherwise**2 * counts_as
    return float(np.sqrt(both / (len(squares) + counts_as)))


def beyond(weeks: float) -> float:
    """By how much the true scale may be above one that was learned from so many weeks.

    Only 1 in 4 times is it more; whoever plans by intervals is hurt by narrow ones more than by
    wide ones.
    """
    return float(np.sqrt(weeks / stats.chi2.ppf(_MORE, weeks)))
