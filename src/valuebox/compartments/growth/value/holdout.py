"""Formula and probabilistic lifetime value, judged by what buyers did afterwards."""

from datetime import UTC, tzinfo
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from valuebox.compartments.growth.loaded.frames import Facts
from valuebox.compartments.growth.loaded.money import Money
from valuebox.compartments.growth.value.bgnbd import BgNbd, NoFit
from valuebox.compartments.growth.value.probabilistic import learn
from valuebox.compartments.growth.value.purchases import WEEK, Purchases, purchases
from valuebox.facts.clock import aware
from valuebox.statistics.arrays import Floats
from valuebox.statistics.scores import UserScores, user_scores

_WEEK: Final = np.timedelta64(7, "D")


class HoldoutScores(BaseModel):
    """How well one way to value buyers predicted what they spent."""

    model_config = ConfigDict(frozen=True)

    total: float = Field(description="Value that was predicted of all buyers.")
    scores: UserScores = Field(description="How well single buyers were predicted.")


class Holdout(BaseModel):
    """What was predicted of buyers at a moment, and what they spent afterwards."""

    model_config = ConfigDict(frozen=True)

    cut: AwareDatetime = Field(description="Moment up to which facts are learned from.")
    weeks: float = Field(
        description="Weeks after `cut` in which purchases are compared with predictions."
    )
    buyers: int = Field(description="Customers who had bought before `cut`.")
    total: float = Field(description="What these buyers spent after `cut`, less refunds.")
    purchases: float = Field(description="Days on which these buyers bought after `cut`.")
    expected_purchases: float = Field(
        description="Days with a purchase that BG/NBD expected after `cut`."
    )
    buying: BgNbd = Field(
        description="Parameters of BG/NBD, as learned from what happened before `cut`."
    )
    probabilistic: HoldoutScores = Field(description="How BG/NBD and Gamma-Gamma did.")
    formula: HoldoutScores = Field(description="How the workshop's formula did.")


def halfway(facts: Facts, money: Money, until: np.datetime64) -> np.datetime64 | None:
    """A moment with as long before as after it, from the first purchase on; None without any."""
    when = facts.events.time[money.is_purchase & (facts.events.time < until)]
    if not len(when):
        return None
    first = when.min()
    middle: np.datetime64 = first + (until - first) / 2
    return middle


def holdout(
    facts: Facts,
    money: Money,
    cut: np.datetime64,
    until: np.datetime64,
    zone: tzinfo = UTC,
) -> Holdout:
    """Value buyers at `cut`, and compare with what they spent from then until `until`.

    The formula, looking ahead: a buyer's own mean amount of a day with a purchase, times their
    further days with a purchase a week so far, times the weeks to come. It takes nobody to leave,
    and a buyer's own few purchases for their rate.

    Args:
        facts: What happened.
        money: What events brought.
        cut: Learned from is what is before.
        until: Predictions are judged by what happened from `cut` until then.
        zone: Whose clock shows these moments.

    Raises:
        NoFit: when nothing can be learned from what is before.
    """
    known = purchases(facts, money, cut)
    if not len(known):
        raise NoFit("nobody had bought in the first half of the report")
    before = facts.events.time < cut
    model = learn(known)
    later = ~before & (facts.events.time < until)
    spent = facts.amount_per_customer(np.where(later, money.amount, 0.0))[known.customer]
    weeks = float((until - cut) / _WEEK)
    formula = _formula(known, weeks)
    probabilistic = model.value(known, weeks)
    return Holdout(
        cut=aware(cut, zone),
        weeks=weeks,
        buyers=len(known),
        total=float(spent.sum()),
        purchases=_days(facts, later & money.is_purchase, known),
        expected_purchases=float(model.buying.expected(known, weeks).sum()),
        buying=model.buying,
        probabilistic=_judged(spent, probabilistic),
        formula=_judged(spent, formula),
    )


def _formula(known: Purchases, weeks: float) -> Floats:
    """Amount a day with a purchase × such days a week × weeks, `(n_buyers,)`."""
    # Whoever was first seen at the very end has no rate yet.
    rate = known.repeats / np.maximum(known.observed, 1 / WEEK)
    value: Floats = known.total / known.days * rate * weeks
    return value


def _days(facts: Facts, rows: NDArray[np.bool_], known: Purchases) -> float:
    chosen = rows & (facts.events.customer >= 0)
    mine = np.zeros(len(facts.customers), dtype=bool)
    mine[known.customer] = True
    chosen[chosen] = mine[facts.events.customer[chosen]]
    days = facts.events.time[chosen].astype("datetime64[D]").astype(np.int64)
    pairs = np.column_stack([facts.events.customer[chosen], days])
    return float(len(np.unique(pairs, axis=0)))


def _judged(spent: Floats, predicted: Floats) -> HoldoutScores:
    return HoldoutScores(total=float(predicted.sum()), scores=user_scores(spent, predicted))
