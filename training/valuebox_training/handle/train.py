"""From loads to a model of handle in the store: learn, look back, judge, save."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from threadpoolctl import threadpool_limits

from valuebox.compartments.handle.baselines import NAMES, baselines
from valuebox.compartments.handle.book import Book
from valuebox.compartments.handle.features import NUMBERS
from valuebox.compartments.handle.forecasting import Fitted
from valuebox.compartments.handle.model import HandleModel
from valuebox.compartments.handle.recipe import LEADS, Recipe, lead_class
from valuebox.errors import ValueboxError
from valuebox.features.bins import PREDICTION_EDGES, Reference, prediction_codes
from valuebox.statistics.arrays import Floats
from valuebox_training.features.binning import category_bins, counted, number_bins
from valuebox_training.handle.learning import Past, learn, past

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


def train(book: Book, name: str, weeks: int = WEEKS, is_forced: bool = False) -> Trained:
    """Learn a model from what was loaded, judge it by past weeks, and save it.

    Args:
        book: What is known.
        name: Of the model in the store.
        weeks: Past weeks by which it is judged.
        is_forced: Whether to save a model that does not beat the baselines.

    Raises:
        TooLittle: when too few matches are over.
        NotBetter: when a baseline did better.
    """
    with threadpool_limits(1):
        return _train(book, name, weeks, is_forced)


def _train(book: Book, name: str, weeks: int, is_forced: bool) -> Trained:
    fitted = Fitted(Recipe(), book)
    count = len(fitted.over)
    if count < LEAST:
        raise TooLittle(f"{count} matches are over and have bets; it takes {LEAST} to learn from")
    recipe = learn(book, weeks)
    made = list(past(recipe, book, weeks))
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
    kickoff = book.matches.kickoff[fitted.over]
    model = HandleModel(
        recipe=recipe,
        reference=_reference(fitted, made),
        common=_common(made),
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
    """How far past forecasts were off, by class of leads: WAPE, bias, and shares in intervals."""
    columns: dict[str, list[Floats]] = {}
    for one in made:
        simple = baselines(Fitted(recipe, one.book), one.forecast)
        row = {
            "actual": one.actual,
            "forecast": one.forecast.mean,
            "inside": _inside(recipe, one),
            "code": lead_class(one.forecast.lead).astype(np.float64),
            **simple,
        }
        for name, values in row.items():
            columns.setdefault(name, []).append(values)
    whole = {name: np.concatenate(values) for name, values in columns.items()}
    found = {"all": _figures(whole)}
    for code, name in enumerate(LEADS):
        rows = whole["code"] == code
        if rows.any():
            found[name] = _figures({key: values[rows] for key, values in whole.items()})
    return found


def _figures(rows: dict[str, Floats]) -> dict[str, float]:
    actual = rows["actual"]

    def wape(name: str) -> float:
        return float(np.abs(rows[name] - actual).sum() / actual.sum())

    return {
        "forecasts": float(len(actual)),
        "wape": wape("forecast"),
        "bias": float(rows["forecast"].sum() / actual.sum() - 1),
        "inside": float(rows["inside"].mean()),
        **{name: wape(name) for name in NAMES},
    }


def _inside(recipe: Recipe, one: Past) -> Floats:
    said = one.forecast
    wide = recipe.widening(said.lead) / one.recipe.widening(said.lead)
    lower = said.mean * (said.lower / said.mean) ** wide
    upper = said.mean * (said.upper / said.mean) ** wide
    inside: Floats = ((one.actual >= lower) & (one.actual <= upper)).astype(np.float64)
    return inside


def _reference(fitted: Fitted, made: list[Past]) -> Reference:
    """Matches that are over, by bin, and what was said of those of the past weeks."""
    numbers = fitted.past.numbers
    slots = fitted.book.matches.slot[fitted.over].tolist()
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
