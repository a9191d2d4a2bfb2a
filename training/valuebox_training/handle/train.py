"""From loads to a model of handle in the store: learn, look back, judge, save."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from threadpoolctl import threadpool_limits

from valuebox.compartments.handle.baselines import NAMES, baselines
from valuebox.compartments.handle.book import Book, Fixture, Moments
from valuebox.compartments.handle.features import NUMBERS
from valuebox.compartments.handle.forecasting import Fitted
from valuebox.compartments.handle.model import HandleModel
from valuebox.compartments.handle.recipe import LEADS, Recipe, class_names
from valuebox.compartments.handle.scoring import PREVIOUS, Judged, figures, former
from valuebox.compartments.handle.watching.evidence import BETS
from valuebox.compartments.handle.watching.vintages import week_of
from valuebox.compartments.handle.watching.weekly import weekly_bets, weekly_errors
from valuebox.errors import ValueboxError
from valuebox.features.bins import PREDICTION_EDGES, Reference, prediction_codes
from valuebox.statistics.arrays import Floats
from valuebox.statistics.sequential import upper_deviation
from valuebox_training.features.binning import category_bins, counted, number_bins
from valuebox_training.handle.learning import Past, calibrated, learn_by_past

if TYPE_CHECKING:
    from distributed import Client

LEAST: Final = 60
"""Matches that a model learns from at least."""
WEEKS: Final = 12
"""Past weeks by which a model is judged."""
_BINS: Final = 3
_COMPARED: Final = ("home_share", "away_share", "derby")
"""Numbers of a match that are compared with those of the matches that were learned from."""


class TooLittle(ValueboxError):
    """Too few matches are over to learn from."""


@dataclass(frozen=True)
class Trained:
    """A saved model, and how it did in the past."""

    tag: str
    judged: dict[str, dict[str, float]]
    """By class of leads: figures of the model and of the baselines."""
    matches: int


class NotBetter(ValueboxError):
    """The model did not beat a baseline in the past; it was not saved."""


def train(
    book: Book,
    name: str,
    weeks: int = WEEKS,
    is_forced: bool = False,
    client: "Client | None" = None,
) -> Trained:
    """Learn a model from what was loaded, judge it by past weeks, and save it.

    Args:
        book: All that had been loaded by the moment that counts; see `Book.up_to`.
        name: Of the model in the store.
        weeks: Past weeks by which it is judged.
        is_forced: Whether to save a model that does not beat the baselines.
        client: Of a Dask cluster that forecasts the past weeks; None does so here.

    Raises:
        TooLittle: when too few matches are over.
        NotBetter: when a baseline did better.
    """
    with threadpool_limits(1):
        return _train(book, name, weeks, is_forced, client)


def _train(book: Book, name: str, weeks: int, is_forced: bool, client: "Client | None") -> Trained:
    fitted = Fitted(Recipe(), book.latest)
    count = len(fitted.over)
    if count < LEAST:
        raise TooLittle(f"{count} matches are over and have bets; it takes {LEAST} to learn from")
    recipe, made = learn_by_past(book, weeks, client)
    if not made:
        raise TooLittle("no past week could be looked back at: too few matches were over before it")
    judged = judge(recipe, made)
    worse = [
        f"{base} ({judged['all'][base]:.1%})"
        for base in NAMES
        if judged["all"][base] < judged["all"]["wape"]
    ]
    if worse and not is_forced:
        raise NotBetter(
            f"off by {judged['all']['wape']:.1%} in the past {weeks} weeks, which "
            f"{', '.join(worse)} beat; the model was not saved"
        )
    kickoff = fitted.book.matches.kickoff[fitted.over]
    model = HandleModel(
        recipe=recipe,
        reference=_reference(fitted, made),
        common=_common(made),
        moves=_moves(made),
        mean_handle=float(fitted.totals[fitted.over].mean()),
        metadata={
            "matches": count,
            "first": str(kickoff.min()),
            "last": str(kickoff.max()),
            "judged": judged,
        },
    )
    return Trained(model.save(name, model.metadata), judged, count)


def judge(recipe: Recipe, made: list[Past]) -> dict[str, dict[str, float]]:
    """How far past forecasts were off, by class of leads; see `scoring.figures`.

    Intervals of each week are as wide as the weeks before it would have made them: the weeks that
    they were learned from would hold whatever share they were meant to.

    Args:
        recipe: What made the forecasts.
        made: The forecasts.
    """
    bare = Recipe(variances=recipe.variances, skew=recipe.skew)
    weeks = {one.week for one in made}
    by_week = {week: calibrated(bare, [one for one in made if one.week > week]) for week in weeks}
    return figures(judged([by_week[one.week] for one in made], made))


def judged(recipes: Sequence[Recipe] | None, made: list[Past]) -> Judged:
    """Past forecasts with what came true, and what simple ones and the ones before said.

    Args:
        recipes: How wide intervals of each are taken to be; None for as they were made.
        made: The forecasts.
    """
    said = [one.forecast for one in made]
    match = [match.id for one in said for match in one.asked]
    at = [one.at for one in made for _ in one.actual]
    forecast = np.concatenate([one.mean for one in said])
    simple = [baselines(one.fitted, one.forecast) for one in made]
    recipes = recipes or [one.fitted.recipe for one in made]
    ends = [_ends(recipe, one) for recipe, one in zip(recipes, made, strict=True)]
    return Judged(
        lead=[name for one in said for name in class_names(one.lead)],
        actual=np.concatenate([one.actual for one in made]),
        forecast=forecast,
        lower=np.concatenate([lower for lower, _ in ends]),
        upper=np.concatenate([upper for _, upper in ends]),
        beside={
            **{name: np.concatenate([one[name] for one in simple]) for name in NAMES},
            PREVIOUS: former(match, at, forecast),
        },
    )


def _ends(recipe: Recipe, one: Past) -> tuple[Floats, Floats]:
    said = one.forecast
    wide = recipe.widening(said.lead) / one.fitted.recipe.widening(said.lead)
    lower, upper = (said.mean * (end / said.mean) ** wide for end in (said.lower, said.upper))
    return np.maximum(lower, np.minimum(said.known, said.mean)), upper


def _reference(fitted: Fitted, made: list[Past]) -> Reference:
    """Matches that were learned from, by bin, and what was said of those of the past weeks."""
    numbers = fitted.past.numbers
    slots = fitted.book.matches.slot[fitted.learned].tolist()
    means = np.concatenate([one.forecast.mean for one in made])
    known = sorted(set(slots), key=lambda slot: (-slots.count(slot), slot))
    return Reference(
        numbers={name: number_bins(numbers[:, NUMBERS.index(name)], _BINS) for name in _COMPARED},
        categories={"slot": category_bins(slots, known)},
        predictions=counted(prediction_codes(means), len(PREDICTION_EDGES) + 1),
    )


def _common(made: list[Past]) -> float:
    """Deviation of the error of whole weeks, as a share."""
    off = [float(one.actual.sum() / one.forecast.mean.sum() - 1) for one in made]
    return float(np.std(off)) if len(off) > 1 else 0.1


def _moves(made: list[Past]) -> dict[str, float]:
    """By how much past weeks were off together, in logarithms: by class of leads, and bets."""
    newest = {}
    for one in made:
        names = class_names(one.forecast.lead)
        for row, (match, lead) in enumerate(zip(one.forecast.asked, names, strict=True)):
            newest[match.id, lead] = one.forecast, row, one.actual[row]
    found: dict[str, float] = {}
    for lead in LEADS:
        rows = [one for (_, of), one in newest.items() if of == lead]
        week = week_of(_kickoffs(said.asked[row] for said, row, _ in rows))
        actual = np.array([value for _, _, value in rows])
        forecast = np.array([said.mean[row] for said, row, _ in rows])
        found[lead] = _deviation(weekly_errors(week, actual, forecast))
    every = [one.forecast for one in made]
    week = week_of(_kickoffs(match for one in every for match in one.asked))
    known, prior, share = (
        np.concatenate([getattr(one, name) for one in every])
        for name in ("known", "prior", "share")
    )
    found[BETS] = _deviation(weekly_bets(week, known, prior, share))
    return {name: value for name, value in found.items() if value > 0}


def _kickoffs(matches: Iterable[Fixture]) -> Moments:
    return np.array([one.kickoff for one in matches], dtype="datetime64[s]")


def _deviation(errors: Mapping[int, float]) -> float:
    return upper_deviation(one**2 for one in errors.values())
