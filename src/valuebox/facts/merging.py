"""What is told of a customer again and again, made into what is known of them."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from valuebox.facts.arriving import ArrivingCustomers
from valuebox.store.texts import Texts

Attributes = dict[str, Any] | None


def with_told(known: Attributes, told: Attributes) -> Attributes:
    """What is known of a customer once something has been told.

    Args:
        known: What was known before; None where nothing was.
        told: Each name replaces the one that is known, or removes it where the value is None.
    """
    return known if told is None else without_removed({**(known or {}), **told})


def without_removed(told: Attributes) -> Attributes:
    """The attributes that have a value."""
    if told is None or None not in told.values():
        return told
    return {name: value for name, value in told.items() if value is not None}


def is_same(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same: 1 is 1.0, but is not true."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(is_same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_same, one, other))
    return isinstance(one, bool) is isinstance(other, bool) and bool(one == other)


def merged(customers: ArrivingCustomers) -> tuple[ArrivingCustomers, list[int]]:
    """Customers with all that was told of each, and the positions of those who came before.

    Args:
        customers: As they were sent. Of a customer who is there several times, the last moment of
            coming counts, and of each attribute the last value.
    """
    attributes = _objects(customers.attributes)
    created = customers.created.copy()
    first: dict[tuple[str, str], int] = {}
    doubled: list[int] = []
    for row, key in enumerate(zip(customers.source, customers.id, strict=True)):
        earlier = first.setdefault(key, row)
        if earlier == row:
            continue
        doubled.append(row)
        if (told := attributes[row]) is not None:
            attributes[earlier] = {**(attributes[earlier] or {}), **told}
        if not _is_missing(created[row]):
            created[earlier] = created[row]
    if not doubled:
        return ArrivingCustomers(customers.source, customers.id, created, attributes), doubled
    kept = list(first.values())
    return (
        ArrivingCustomers(
            [source for source, _ in first],
            [customer for _, customer in first],
            created[kept] if isinstance(created, np.ndarray) else [created[row] for row in kept],
            [attributes[row] for row in kept],
        ),
        doubled,
    )


def _objects(column: Sequence[Any]) -> list[Attributes]:
    if not isinstance(column, Texts):
        return list(column)
    known: dict[str | None, Attributes] = {None: None}
    for text in column:
        if text not in known and text is not None:
            known[text] = json.loads(text)
    return [known[text] for text in column]


def _is_missing(moment: Any) -> bool:
    return moment is None or bool(isinstance(moment, np.datetime64) and np.isnat(moment))
