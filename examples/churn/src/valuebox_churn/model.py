"""The churn model: what customers did, as numbers, and how likely they are to buy again."""

from functools import cache
from typing import Final

import numpy as np
from scipy.special import expit

from valuebox.compartments.api import (
    Declaration,
    FactColumns,
    Floats,
    PlainModel,
    Positions,
    Reference,
    declared_numbers,
)

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
_DAY: Final = 86_400
"""Seconds."""
_GOLDEN: Final = np.linspace(0, 3, 4 * len(FEATURES)).reshape(4, -1)


def purchases(facts: FactColumns, type_: str) -> Floats:
    """1 for each event that is a purchase of a known customer, else 0; refunds are none."""
    events = facts.events
    is_one = np.array([*(name == type_ for name in events.type.names), False])[events.type.codes]
    return (is_one & (events.customer >= 0) & ~(events.amount < 0)).astype(float)


@cache
def declared(type_: str) -> Declaration:
    """What is asked of a customer's events: when the last purchase was, and windows of them."""
    bought = f"type == {type_!r} and not amount < 0"
    return Declaration.model_validate(
        {
            "name": "churn",
            # The moment that is asked about; nobody stores such events.
            "anchor": {"type": "asked"},
            "attribute": {"last": {"last": "time", "when": bought}},
            "field": {
                "purchases": {"count": True, "when": bought},
                "spend": {"sum": "amount", "when": bought},
            },
            "window": {f"days_{days}": {"days": -days} for days in WINDOWS},
        }
    )


def features(facts: FactColumns, at: np.datetime64, chosen: Positions, type_: str) -> Floats:
    """What customers bought before a moment: `(n_chosen, len(FEATURES))`, all in logarithms."""
    found = declared_numbers(declared(type_), facts, at, chosen)
    seconds = (at - np.datetime64(0, "s")) / np.timedelta64(1, "s") - found["last"]
    windows = (found[f"days_{days}.{what}"] for days in WINDOWS for what in ("purchases", "spend"))
    columns = [np.nan_to_num(seconds / _DAY, nan=_LONG_AGO), *windows]
    logarithms: Floats = np.log1p(np.column_stack(columns))
    return logarithms


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
