"""The churn model: what customers did, as numbers, and how likely they are to buy again."""

from typing import Final

import numpy as np
from scipy.special import expit

from valuebox.compartments.api import FactColumns, Floats, PlainModel, Positions, Reference

DAYS: Final = 60
"""How many days ahead the model looks."""
WINDOWS: Final = (30, 90, 365)
"""Days before the moment in which purchases are counted and added up."""
FEATURES: Final = (
    "days_since_purchase",
    *(f"{what}_{days}" for days in WINDOWS for what in ("purchases", "spend")),
)
_LONG_AGO: Final = 3_650.0
"""Days since the last purchase, where there is none."""
_GOLDEN: Final = np.linspace(0, 3, 4 * len(FEATURES)).reshape(4, -1)


def purchases(facts: FactColumns, type_: str) -> Floats:
    """1 for each event that is a purchase of a known customer, else 0; refunds are none."""
    events = facts.events
    is_one = np.array([*(name == type_ for name in events.type.names), False])[events.type.codes]
    return (is_one & (events.customer >= 0) & ~(events.amount < 0)).astype(float)


def features(facts: FactColumns, at: np.datetime64, chosen: Positions, type_: str) -> Floats:
    """What customers bought before a moment: `(n_chosen, len(FEATURES))`, all in logarithms."""
    who, days = facts.events.customer, (at - facts.events.time) / np.timedelta64(1, "D")
    bought = np.where(days > 0, purchases(facts, type_), 0)
    spent = bought * np.nan_to_num(facts.events.amount)
    last = np.full(len(facts.customers), _LONG_AGO)
    np.minimum.at(last, who[bought > 0], days[bought > 0])
    columns = [last]
    for within in WINDOWS:
        rows = (bought > 0) & (days <= within)
        for values in (bought, spent):
            columns.append(np.bincount(who[rows], values[rows], minlength=len(last)))
    found: Floats = np.log1p(np.column_stack(columns)[chosen])
    return found


class ChurnModel(PlainModel):
    """A logistic regression."""

    kind = "churn"

    weights: list[float]
    """Of the features, and at last the intercept."""
    judged_by: str
    """The type of events that are purchases."""
    reference: Reference
    """Customers that the model has learned from, by bin."""
    days: int = DAYS
    names: tuple[str, ...] = FEATURES

    def features(self, facts: FactColumns, at: np.datetime64, chosen: Positions) -> Floats:
        """What customers bought before a moment; see `features`."""
        return features(facts, at, chosen, self.judged_by)

    def chances(self, rows: Floats) -> Floats:
        """How likely customers are to buy within `days`, by their features: `(n_rows,)`."""
        chances: Floats = expit(rows @ np.array(self.weights[:-1]) + self.weights[-1])
        return chances

    def golden(self) -> Floats:
        """What the model says of made-up customers."""
        return self.chances(_GOLDEN)
