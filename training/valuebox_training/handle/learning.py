"""Learning a recipe: variances from the matches that are over, intervals from past forecasts."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from valuebox.compartments.handle.book import DAY, Book
from valuebox.compartments.handle.forecasting import Fitted, Forecast, Z
from valuebox.compartments.handle.recipe import LEADS, Recipe, lead_class
from valuebox.statistics.arrays import Floats
from valuebox_training.handle.variances import likeliest

_WEEK: Final = 7 * DAY
_PRIOR: Final = 25.0
"""How many forecasts what the model says of its intervals counts as."""


@dataclass(frozen=True)
class Past:
    """A forecast of a past moment, and what came true."""

    recipe: Recipe
    book: Book
    """What was known then."""
    forecast: Forecast
    actual: Floats


def learn(book: Book, weeks: int = 12) -> Recipe:
    """Learn a recipe from what is known.

    Args:
        book: What is known, cut at the moment that counts.
        weeks: From how many past weeks intervals are learned.
    """
    fitted = Fitted(Recipe(), book)
    handle = fitted.totals[fitted.over]
    recipe = Recipe(variances=likeliest(fitted.past, handle, fitted.noise))
    return calibrated(recipe, list(past(recipe, book, weeks)))


def past(recipe: Recipe, book: Book, weeks: int) -> Iterator[Past]:
    """Forecasts of past weeks, as they would have been made, on each of four days."""
    final = Fitted(recipe, book)
    totals = dict(zip(book.matches.id.tolist(), final.totals.tolist(), strict=True))
    over = set(book.matches.id[final.over].tolist())
    kickoffs = book.matches.kickoff[final.over]
    last = kickoffs.max().astype("datetime64[D]").astype("datetime64[s]") + DAY
    hour = book.through - book.through.astype("datetime64[D]")
    # Weeks in which nothing is played say nothing.
    back = np.unique(np.ceil((last + hour - kickoffs) / _WEEK).astype(np.int64))[:weeks]
    for week in back[::-1].tolist():
        for day in (0, 3, 5, 6):
            at = last - week * _WEEK + day * DAY + hour
            known = book.at(at)
            ahead = (known.matches.kickoff > at) & (known.matches.kickoff <= at + _WEEK)
            asked = [one for one in known.fixtures(ahead) if one.id in over]
            found = Fitted(recipe, known)
            if not asked or len(found.over) < 30:
                continue
            actual = np.array([totals[one.id] for one in asked])
            yield Past(recipe, known, found.forecast(asked), actual)


def calibrated(recipe: Recipe, made: list[Past]) -> Recipe:
    """A recipe whose intervals are as wide as past forecasts were off."""
    if not made:
        return recipe
    off = np.concatenate([np.abs(_standardised(one)) for one in made])
    classes = np.concatenate([lead_class(one.forecast.lead) for one in made])
    wider = [_wider(off[classes == one]) for one in range(len(LEADS))]
    totals = []
    for one in made:
        mean, _, high = one.forecast.total(range(len(one.actual)), 1.0)
        deviation = np.log(high / mean) / Z
        totals.append(abs(np.log(one.actual.sum() / mean)) / max(deviation, 1e-3))
    return recipe.model_copy(update={"wider": wider, "wider_total": _wider(np.array(totals))})


def _standardised(one: Past) -> Floats:
    deviation = np.sqrt(np.diag(one.forecast.covariance))
    found: Floats = np.log(one.actual / one.forecast.mean) / np.maximum(deviation, 1e-3)
    return found


def _wider(off: Floats) -> float:
    """By how much deviations are wider than is said, with what is said counting as some."""
    if not len(off):
        return 1.0
    seen = float(np.quantile(off, 0.9)) / Z
    return float(np.exp(np.log(max(seen, 0.3)) * len(off) / (len(off) + _PRIOR)))
