"""What is known of customers before they met their arm, as numbers."""

from typing import Any, Final

import numpy as np
import scipy
from numpy.typing import NDArray

from valuebox.compartments.growth.loaded.frames import Facts, summed
from valuebox.compartments.growth.loaded.money import money
from valuebox.facts.labels import Labels
from valuebox.features.one_hot import mark
from valuebox.schemas.names import UNKNOWN
from valuebox.statistics.arrays import Codes, Mask, Moments

_TYPES: Final = 10
"""Types of events that are counted: the most frequent ones."""
_DAYS: Final = np.timedelta64(1, "D")
_UNLIKE: Final = 0.001
"""p-value below which an attribute is not one of before: chance made the arms alike in those."""

Matrix = NDArray[np.float32]


def features_of(
    facts: Facts, purchase: str, customer: Codes, since: Moments, left_out: set[str | None]
) -> tuple[Matrix, list[str]]:
    """Attributes, and what was done and spent before a moment.

    Args:
        facts: What happened.
        purchase: The type of event that brings money.
        customer: Position of each customer, `(n_customers,)`.
        since: The moment of each.
        left_out: Attributes that say nothing but the arm, or what came after it.

    Returns:
        `(n_customers, n_features)`, NaN where nothing is known, and the name of each column.
    """
    columns: list[NDArray[Any]] = []
    names: list[str] = []
    for name, labels in facts.customers.attributes.items():
        used, place = np.unique(labels.codes[customer], return_inverse=True)
        if name not in left_out and len(used) > 1:
            marks = np.zeros((len(customer), len(used)), dtype=np.float32)
            mark(marks, 0, place)
            columns += list(marks.T)
            names += [f"{name} {UNKNOWN if code < 0 else labels.names[code]}" for code in used]
    place = np.full(len(facts.customers) + 1, -1, dtype=np.intp)
    place[customer] = np.arange(len(customer))
    at = place[facts.events.customer]
    rows = np.flatnonzero(at >= 0)
    rows = rows[facts.events.time[rows] < since[at[rows]]]
    if len(rows):
        kinds = facts.events.type
        frequent = np.bincount(kinds.codes[rows], minlength=len(kinds.names))
        for code in np.argsort(-frequent, kind="stable")[:_TYPES].tolist():
            if frequent[code]:
                mine = rows[kinds.codes[rows] == code]
                columns.append(np.bincount(at[mine], minlength=len(customer)))
                names.append(f"{kinds.names[code]} before")
        spent = money(facts, purchase).revenue[rows]
        columns.append(summed(at[rows], spent, len(customer)))
        names.append("spent before")
        last = np.full(len(customer), np.datetime64("NaT", "us"))
        np.fmax.at(last, at[rows], facts.events.time[rows])
        columns.append(_days(since - last))
        names.append("days since anything")
    known = _days(since - facts.customers.created[customer])
    if np.unique(known[~np.isnan(known)]).size > 1:
        columns.append(known)
        names.append("days since joining")
    if not columns:
        return np.zeros((len(customer), 0), dtype=np.float32), []
    return np.column_stack(columns).astype(np.float32), names


def told_by_arm(facts: Facts, customer: Codes, treated: Mask) -> set[str]:
    """Attributes in which the arms differ beyond chance, by Pearson's chi-square.

    Whatever was known before arms were drawn is alike in both. What is not came after, such as
    whether an e-mail was opened, and what is learned of it is the arm.

    Args:
        facts: What happened.
        customer: Position of each customer, `(n_customers,)`.
        treated: Who was treated, by chance.
    """
    attributes = facts.customers.attributes
    return {name for name, one in attributes.items() if _differs(one, customer, treated)}


def _differs(labels: Labels, customer: Codes, treated: Mask) -> bool:
    values, codes = np.unique(labels.codes[customer], return_inverse=True)
    if len(values) < 2:
        return False
    table = [np.bincount(codes[one], minlength=len(values)) for one in (treated, ~treated)]
    return bool(scipy.stats.chi2_contingency(table).pvalue < _UNLIKE)


def _days(apart: NDArray[np.timedelta64]) -> NDArray[np.float64]:
    return np.where(np.isnat(apart), np.nan, apart / _DAYS)
