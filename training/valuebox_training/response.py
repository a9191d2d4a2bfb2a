"""From facts to a response model in the store: look back at several months, fit, judge, save.

A month is `days` long. Each one that can be looked back at is a round: customers as they were at
its start, and what they did within it. The last one is kept to judge by, then learned from too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from xgboost import XGBClassifier

from valuebox.errors import ValueboxError
from valuebox.facts.reading import FactRows
from valuebox.growth.clock import moment
from valuebox.growth.response.features import Encoder, Matrix
from valuebox.growth.response.history import slack, there
from valuebox.growth.response.judging import ResponseReport, judge
from valuebox.growth.response.model import ResponseModel

# Few customers respond: large leaves, and the odds of each cell to start from.
BOOSTER: Final[dict[str, Any]] = {
    "objective": "binary:logistic",
    "tree_method": "hist",
    "n_estimators": 150,
    "learning_rate": 0.05,
    "max_depth": 4,
    "min_child_weight": 3,
    "subsample": 0.8,
    "colsample_bytree": 0.8,
    "reg_lambda": 5.0,
}
MOST_ROUNDS: Final = 24
MOST_ROWS: Final = 2_000_000
"""Customers and cells of all rounds; of more, customers are drawn by chance."""
_SHRINK: Final = 20.0
"""As many customers pull the odds of a category towards those of its response."""


class NothingToLearn(ValueboxError):
    """The facts hold nothing that such a model could be learned from."""


@dataclass(frozen=True)
class Trained:
    """What training made, and how it did on the last month, where there was one to judge by."""

    tag: str
    rounds: int
    customers: int
    validation: ResponseReport | None


def train(
    facts: FactRows,
    responses: Sequence[str],
    category: str,
    days: int,
    until: datetime | None,
    name: str,
    seed: int = 0,
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

    Raises:
        NothingToLearn: when nobody responded, or the facts span less than two months.
        registry.ArtifactRefused: when the store does not accept the name.
    """
    known = [one for one in responses if one in facts.events.type.names]
    if not known:
        raise NothingToLearn(f"nobody has done any of {', '.join(responses)}")
    end = _end(facts, until, days)
    starts = _starts(facts, end, days)
    encoder = Encoder.fit(facts, known)
    validation = None
    if len(starts) > 1:
        earlier = _fit(facts, encoder, starts[1:], days, category, seed)
        validation = judge(earlier, facts, starts[0])
    model = _fit(facts, encoder, starts, days, category, seed)
    customers = len(np.unique(np.concatenate([there(facts, one, days) for one in starts])))
    learned = {
        "sources": facts.customers.source.names,
        "until": _iso(end),
        "since": _iso(starts[-1]),
        "rounds": len(starts),
        "customers": customers,
    }
    metadata = {"learned": learned, "seed": seed, "booster": BOOSTER} | _judged(validation)
    tag = model.save(name, {"learned_until": _iso(end)[:7]}, metadata)
    return Trained(tag, len(starts), customers, validation)


def _end(facts: FactRows, until: datetime | None, days: int) -> np.datetime64:
    """When the facts end: with the last event, or a little later where `until` says so."""
    last: np.datetime64 = facts.events.time.max() + np.timedelta64(1, "us")
    if until is None:
        return last
    asked = moment(until)
    # Nobody has watched the months after the last event, whatever was asked for.
    return asked if asked <= last + slack(days) else last


def _starts(facts: FactRows, end: np.datetime64, days: int) -> list[np.datetime64]:
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


def _fit(
    facts: FactRows,
    encoder: Encoder,
    starts: Sequence[np.datetime64],
    days: int,
    category: str,
    seed: int,
) -> ResponseModel:
    rng = np.random.default_rng(seed)
    most = max(1, MOST_ROWS // (len(starts) * len(encoder.cells)))
    matrices: list[Matrix] = []
    answers: list[NDArray[np.bool_]] = []
    for start in starts:
        chosen = there(facts, start, days)
        if len(chosen) > most:
            chosen = np.sort(rng.choice(chosen, most, replace=False))
        matrices.append(encoder.transform(facts, start, chosen))
        answers.append(encoder.happened(facts, start, days, chosen))
    did = np.concatenate(answers)
    if not did.any():
        raise NothingToLearn("nobody has responded within a month that can be looked back at")
    usual = _usual(did, encoder)
    classifier = XGBClassifier(**BOOSTER, random_state=seed)
    margin = np.tile(usual, len(did))
    classifier.fit(np.concatenate(matrices), did.ravel(), base_margin=margin)
    return ResponseModel(encoder, classifier.get_booster(), usual, days, category)


def _usual(did: NDArray[np.bool_], encoder: Encoder) -> NDArray[np.float32]:
    shape = (len(encoder.responses), 1 + len(encoder.categories))
    counts = did.sum(axis=0).reshape(shape).astype(np.float64)
    n = len(did)
    every = (counts[:, :1] + 0.5) / (n + 1)
    # What nobody has done in one category is as likely as it usually is in one.
    inside = counts[:, 1:].sum(axis=1, keepdims=True) / n / max(1, shape[1] - 1)
    each = (counts[:, 1:] + _SHRINK * inside + 0.5) / (n + _SHRINK + 1)
    rates = np.column_stack([every, each]).ravel()
    found: NDArray[np.float32] = np.log(rates / (1 - rates)).astype(np.float32)
    return found


def _judged(validation: ResponseReport | None) -> dict[str, Any]:
    if validation is None:
        return {}
    return {
        "validation": {
            "start": validation.start.isoformat(),
            "customers": validation.customers,
            "auc": {
                one.response: one.model.auc
                for one in validation.responses
                if one.category is None and one.model
            },
        }
    }


def _iso(moment: np.datetime64) -> str:
    return (
        datetime.fromisoformat(str(moment.astype("datetime64[s]"))).replace(tzinfo=UTC).isoformat()
    )
