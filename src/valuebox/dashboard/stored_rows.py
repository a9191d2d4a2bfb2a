"""Rows of any table, as a page shows them."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from operator import itemgetter
from typing import Any, Final, Self

from valuebox.pages.readable import compact, short
from valuebox.pages.tables import Column, Table
from valuebox.store.base import Base

_LONGEST: Final = 160
"""Letters of a value that are shown at most, its end among them."""


@dataclass(frozen=True)
class StoredRows:
    """Some rows of a table, the newest first."""

    name: str
    about: str
    """What one row is, as a sentence; empty where nobody says."""
    count: int
    """How many there are."""
    table: Table
    rows: Sequence[dict[str, Any]]

    @classmethod
    def of(
        cls, name: str, count: int, rows: Sequence[dict[str, Any]], known: Collection[str]
    ) -> Self:
        """Rows as `records` hands them out, without columns that say nothing new; moments first.

        Args:
            name: Of the table.
            count: How many rows there are.
            rows: Those that are shown, each with its `table`.
            known: What somebody has looked for; a column that says only that is left out.
        """
        told = {
            key: None
            for row in rows
            for key, value in row.items()
            if key != "table" and _is_told(value) and str(value) not in known
        }
        columns = [_column(key, [row.get(key) for row in rows]) for key in told]
        columns.sort(key=lambda one: one.kind != "moment")
        written = [{key: _written(value) for key, value in row.items()} for row in rows]
        return cls(name, _abouts().get(name, ""), count, Table(name, columns), written)


def _is_told(value: object) -> bool:
    return value is not None and value not in ({}, [])


def _column(name: str, values: Sequence[Any]) -> Column:
    are_moments = all(one is None or isinstance(one, datetime) for one in values)
    label = name.replace("_", " ")
    return Column(name, label, "moment" if are_moments else "text", itemgetter(name))


def _written(value: Any) -> Any:
    if value is None or isinstance(value, datetime):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return compact(value)
    if isinstance(value, date | str | int):
        return short(str(value), _LONGEST)
    if isinstance(value, dict | list):
        return short(json.dumps(value, default=str, ensure_ascii=False), _LONGEST)
    return str(value)


@cache
def _abouts() -> dict[str, str]:
    """The first sentence of what every mapped table says of itself, by its name."""
    found = {}
    for mapper in Base.registry.mappers:
        said = (mapper.class_.__doc__ or "").strip().split("\n\n")[0]
        found[str(mapper.local_table)] = " ".join(said.split())
    return found
