"""From facts to a response model in the store: look back at several months, fit, judge, save.

A month is `days` long. Each one that can be looked back at is a round: customers as they were at
its start, and what they did within it. Each of the last ones is predicted by what was learned of
those before it, which chooses what is served; then all of them are learned from.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from valuebox.compartments.response.features import PLAIN, Encoder, Matrix
from valuebox.compartments.response.judging import Judged, ResponseReport, judge
from valuebox.compartments.response.model import Pair, ResponseModel, within
from valuebox.compartments.response.months import past
from valuebox.facts.clock import moment
from valuebox.facts.reading import FactColumns
from valuebox.facts.windows import History, Positions, slack, there
from valuebox_training.customers import NothingToLearn
from valuebox_training.response.levelling import levelled
from valuebox_training.response.ranking import BOOSTER, Lessons, fit_ranker
from valuebox_training.response.reference import fit_reference
from valuebox_training.sharing import each

if TYPE_CHECKING:
    from distributed import Client

MOST_ROUNDS: Final = 24
MOST_ROWS: Final = 80_000
"""Customers and responses of all rounds; of more, customers are drawn by chance."""
MOST_CELLS: Final = 120_000
"""Customers, responses and categories of all rounds, likewise."""


@dataclass(frozen=True)
class Trained:
    """What training made, and how it did on the last month, where there was one to judge by."""

    tag: str
    rounds: int
    customers: int
    validation: ResponseReport | None


class Learned(NamedTuple):
    """A model, and the models that were learned without its last months."""

    model: ResponseModel
    earlier: list[ResponseModel]
    """What was learned without the last month, without the last two, and so on."""
    starts: list[np.datetime64]
    """Start of each month, the last one first."""


def train(
    facts: FactColumns,
    responses: Sequence[str],
    category: str,
    days: int,
    until: datetime | None,
    name: str,
    seed: int = 0,
    client: "Client | None" = None,
) -> Trained:
    """Learn, judge, and save into the model store.

    Args:
        facts: What happened before `until`.
        responses: Types of events to predict; those that nobody did are left out.
        category: The property of events that their categories were read from.
        days: How far ahead to predict.
        until: When the facts end; None for the last event, which also counts where this is later.
        name: Of the model in the store.
        seed: Of everything random.
        client: Of a Dask cluster that looks back at months and learns responses; None does so here.

    Raises:
        NothingToLearn: when nobody responded, or the facts span less than two months.
        registry.ArtifactRefused: when the store does not accept the name.
    """
    end = _end(facts, until, days)
    model, earlier, starts = learn(facts, responses, category, days, end, seed, client)
    before = past(earlier[1:], facts, starts[1 : len(earlier)])
    validation = judge(earlier[0], facts, starts[0], months=before) if earlier else None
    customers = len(np.unique(np.concatenate([there(facts, one, days) for one in starts])))
    learned = {
        "sources": facts.customers.source.names,
        "until": _iso(end),
        "since": _iso(starts[-1]),
        "rounds": len(starts),
        "customers": customers,
    }
    metadata = {"learned": learned, "seed": seed, "booster": BOOSTER} | _judged(validation)
    model = replace(model, reference=fit_reference(model, facts, end, seed))
    tag = model.save(name, {"learned_until": _iso(end)[:7]}, metadata)
    return Trained(tag, len(starts), customers, validation)


def learn(
    facts: FactColumns,
    responses: Sequence[str],
    category: str,
    days: int,
    end: np.datetime64 | None = None,
    seed: int = 0,
    client: "Client | None" = None,
) -> Learned:
    """Learn from all months before `end`, the last event by default; see `train`."""
    known = [one for one in responses if one in facts.events.type.names]
    if not known:
        raise NothingToLearn(f"nobody has done any of {', '.join(responses)}")
    starts = _starts(facts, _end(facts, None, days) if end is None else end, days)
    encoder = Encoder.fit(facts, known)
    lessons = _look_back(facts, encoder, starts, days, seed, client)
    if not lessons.did.any():
        raise NothingToLearn("nobody has responded within a month that can be looked back at")
    pairs, earlier = [], []
    for pair, before in each(client, _fit, range(len(known)), lessons, encoder, seed):
        pairs.append(pair)
        earlier.append(before)
    whole = ResponseModel(encoder, tuple(pairs), days, category)
    # As many months as all responses could be learned without.
    without = [
        ResponseModel(encoder, month, days, category) for month in zip(*earlier, strict=False)
    ]
    # Each by months that it has learned from, so that those it is judged by stay unseen.
    unlevelled = [(whole, starts)]
    unlevelled += [(one, starts[1 + month :]) for month, one in enumerate(without)]
    served, *unseen = each(client, _levelled, unlevelled, facts, seed)
    return Learned(served, unseen, starts)


def _levelled(
    facts: FactColumns, seed: int, part: tuple[ResponseModel, Sequence[np.datetime64]]
) -> ResponseModel:
    model, starts = part
    with threadpool_limits(1, user_api="blas"):
        return levelled(model, facts, starts, seed)


class _Looked(NamedTuple):
    """Customers as they were at the start of each month."""

    month: NDArray[np.intp]
    every: Matrix
    """Features of a response in any category, `(n_rows, n_responses, n_columns)`."""
    did: NDArray[np.bool_]
    """Responses in any and in each category, `(n_rows, n_responses, 1 + n_categories)`."""
    rows: NDArray[np.intp]
    """Rows that are looked at in each category, too: `(n_cell_rows,)`."""
    each: Matrix
    """Features by category, `(n_cell_rows, n_responses, n_categories, n_columns)`."""


def _look_back(
    facts: FactColumns,
    encoder: Encoder,
    starts: Sequence[np.datetime64],
    days: int,
    seed: int,
    client: "Client | None",
) -> _Looked:
    rng = np.random.default_rng(seed)
    responses, categories = len(encoder.responses), len(encoder.categories)
    history = encoder.history(facts, starts[0])
    whom = [there(facts, start, days) for start in starts]
    whole = sum(map(len, whom))
    some = _drawn(rng, whom, MOST_ROWS / (whole * responses))
    fewer = MOST_CELLS / (sum(map(len, some)) * responses * max(1, categories))
    inside = [_drawn(rng, [np.arange(len(chosen))], fewer)[0] for chosen in some]
    months = zip(starts, some, inside, strict=True)
    seen = list(each(client, _month, months, encoder, history, days))
    sizes = [len(chosen) for chosen in some]
    before = np.cumsum([0, *sizes[:-1]])
    happened = np.concatenate([one.did for one in seen])
    return _Looked(
        np.repeat(np.arange(len(starts)), sizes),
        np.concatenate([one.every for one in seen]),
        happened.reshape(len(happened), responses, 1 + categories),
        np.concatenate([rows + first for rows, first in zip(inside, before, strict=True)]),
        np.concatenate([one.each for one in seen]),
    )


class _Month(NamedTuple):
    """Customers as they were at the start of a month; see `_Looked`."""

    every: Matrix
    did: NDArray[np.bool_]
    each: Matrix


def _month(
    encoder: Encoder,
    history: History,
    days: int,
    part: tuple[np.datetime64, Positions, Positions],
) -> _Month:
    start, chosen, inside = part
    return _Month(
        encoder.of_responses(history, start, chosen, days),
        encoder.happened(history, start, days, chosen),
        encoder.of_categories(history, start, chosen[inside], days),
    )


def _drawn(rng: np.random.Generator, whom: Sequence[Positions], share: float) -> list[Positions]:
    """A share of the customers of each month, in order; all of them where it is above one."""
    if share >= 1:
        return list(whom)
    return [np.sort(rng.choice(one, int(np.ceil(len(one) * share)), replace=False)) for one in whom]


def _fit(looked: _Looked, encoder: Encoder, seed: int, place: int) -> tuple[Pair, list[Pair]]:
    """What was learned of a response from all months, and without the last ones."""
    # The last digits differ with the number of threads.
    with threadpool_limits(1, user_api="blas"):
        every = looked.every[:, place, None]
        lessons = Lessons(looked.month, every, looked.did[:, place, :1])
        any_, any_before = fit_ranker(lessons, _plain(encoder.names), seed)
        rows = looked.rows
        inside = within(looked.each[:, place], every[rows], any_)
        inner = Lessons(looked.month[rows], inside, looked.did[rows, place, 1:])
        by_category, each_before = fit_ranker(inner, _plain(encoder.category_names), seed)
    before: list[Pair] = []
    for month, (any_one, each_one) in enumerate(zip(any_before, each_before, strict=False)):
        if any_one.month != month or each_one.month != month:
            break
        before.append(Pair(any_one.ranker, each_one.ranker))
    return Pair(any_, by_category), before


def _plain(names: Sequence[str]) -> tuple[int, ...]:
    return tuple(names.index(prefix + name) for prefix in ("", "any event: ") for name in PLAIN)


def _end(facts: FactColumns, until: datetime | None, days: int) -> np.datetime64:
    """When the facts end: with the last event, or a little later where `until` says so."""
    last: np.datetime64 = facts.events.time.max() + np.timedelta64(1, "us")
    if until is None:
        return last
    asked = moment(until)
    # Nobody has watched the months after the last event, whatever was asked for.
    return asked if asked <= last + slack(days) else last


def _starts(facts: FactColumns, end: np.datetime64, days: int) -> list[np.datetime64]:
    """Starts of the months to look back at, the last one first; each has a month before it."""
    month = np.timedelta64(days, "D")
    first = facts.events.time.min()
    found: list[np.datetime64] = []
    start = end - month
    while start - month >= first and len(found) < MOST_ROUNDS:
        if len(there(facts, start, days)):
            found.append(start)
        start -= month
    if not found:
        raise NothingToLearn(
            f"the events span less than twice {days} days: one month to look back, one to look at"
        )
    return found


def _judged(validation: ResponseReport | None) -> dict[str, Any]:
    if validation is None:
        return {}
    in_any = [one for one in validation.responses if one.category is None]
    return {
        "validation": {
            "start": validation.start.isoformat(),
            "customers": validation.customers,
            "auc": {one.response: one.model.auc for one in in_any if one.model},
            "responses": [_figures(one) for one in in_any],
        }
    }


def _figures(one: Judged) -> dict[str, Any]:
    base, counted = one.baseline, {"response", "responders"}
    counted |= {"expected", "expected_lower", "expected_upper", "brier"}
    return one.model_dump(include=counted) | {
        "auc": one.model and one.model.auc,
        "auc_baseline": base and base.curve.auc,
        "lift": one.model and one.model.points[0].lift,
        "lift_baseline": base and base.curve.points[0].lift,
        "brier_baseline": base and base.brier,
    }


def _iso(moment: np.datetime64) -> str:
    return (
        datetime.fromisoformat(str(moment.astype("datetime64[s]"))).replace(tzinfo=UTC).isoformat()
    )
