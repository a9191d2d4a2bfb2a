"""Rows of a source made into customers and events, and what is strange or wrong with them."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from valuebox.facts.columns import CustomerColumns, EventColumns
from valuebox.facts.tables import MAX_ID, MAX_TYPE
from valuebox.ltv.files import Problems
from valuebox_cli.importing.mapping import DOT, Always, CustomerRows, EventRows, Mapping
from valuebox_cli.importing.sources import BadSource, Rows, Source
from valuebox_cli.importing.values import as_amount, as_json, as_moments, as_text

AS_WRITTEN: Final = "amount_as_written"
"""The property that keeps an amount that cannot be read."""
_BETWEEN_KEYS: Final = "/"

Missing = NDArray[np.bool_]


@dataclass
class Found:
    """What is noticed while rows are read."""

    kept: Problems = field(default_factory=Problems)
    """Of rows that are stored all the same."""
    refused: Problems = field(default_factory=Problems)
    """Of rows that cannot be."""
    rows: int = 0
    rejected: list[tuple[int, str]] = field(default_factory=list)
    """Rows that cannot be stored, from 1, and the first thing that is wrong with each."""


@dataclass
class _Batch:
    """Some rows, with those that they point to beside them."""

    values: Rows
    count: int
    found: Found

    def __post_init__(self) -> None:
        self.bad = np.zeros(self.count, dtype=bool)

    def column(self, name: str | None) -> Sequence[Any]:
        return [None] * self.count if name is None else self.values[name]

    def refuse(self, rows: Missing, what: str) -> None:
        """Keep rows from being stored."""
        fresh = rows & ~self.bad
        self.bad |= rows
        self.found.refused.add(fresh, what, self.found.rows)
        self.found.rejected += [
            (self.found.rows + row + 1, what) for row in np.flatnonzero(fresh).tolist()
        ]

    def note(self, rows: Missing, what: str) -> None:
        """Say something of rows that are stored."""
        self.found.kept.add(rows & ~self.bad, what, self.found.rows)

    def texts(self, name: str | None, what: str, longest: int, required: bool) -> list[Any]:
        values = [as_text(one) for one in self.column(name)]
        self.check_texts(values, what, longest, required)
        return values

    def check_texts(
        self, values: Sequence[str | None], what: str, longest: int, required: bool
    ) -> None:
        if required:
            self.refuse(_where(values, lambda one: one is None), f"{what} is missing")
        long = _where(values, lambda one: one is not None and len(one) > longest)
        self.refuse(long, f"{what} is longer than {longest} characters")
        self.refuse(_broken(values), f"{what} holds NUL, or is no proper text")

    def objects(self, columns: dict[str, str], what: str) -> list[dict[str, Any] | None]:
        if not columns:
            return [None] * self.count
        values = [[as_json(one) for one in self.values[name]] for name in columns.values()]
        found: list[dict[str, Any] | None] = [
            {name: one for name, one in zip(columns, row, strict=True) if one is not None} or None
            for row in zip(*values, strict=True)
        ]
        for column in values:
            self.refuse(_broken(column), f"{what} hold NUL, or no proper text")
        return found

    def moments(self, name: str | None, mapping: Mapping) -> tuple[Any, Missing, Missing]:
        values = self.column(name)
        missing = _where(values, lambda one: as_text(one) is None)
        moments = as_moments(values, mapping.zone)
        return moments, missing, np.isnat(moments) & ~missing


def customers(
    source: Source, mapping: Mapping, rows: CustomerRows, name: str, found: Found
) -> Iterator[CustomerColumns]:
    """Customers of a source, batch by batch.

    Args:
        source: Where they are read.
        mapping: What its columns mean.
        rows: The part of that about customers.
        name: What they are known to come from.
        found: What is noticed is written there.
    """
    for batch in _batches(source, rows, found):
        ids = _ids(batch, rows.keys)
        created, _, wrong = batch.moments(rows.created, mapping)
        batch.note(wrong, f"{rows.created} is no moment; stored as unknown")
        attributes = batch.objects(rows.attributes, "attributes")
        good = ~batch.bad
        yield CustomerColumns(
            [name] * int(good.sum()), _only(ids, good), created[good], _only(attributes, good)
        )
        found.rows += batch.count


def events(
    source: Source, mapping: Mapping, rows: EventRows, name: str, found: Found
) -> Iterator[EventColumns]:
    """Events of a source, batch by batch; see `customers`."""
    for batch in _batches(source, rows, found):
        ids = _ids(batch, rows.keys)
        customer = batch.texts(rows.customer, f"{rows.customer}", MAX_ID, required=False)
        session = batch.texts(rows.session, f"{rows.session}", MAX_ID, required=False)
        nobody = [a is None and b is None for a, b in zip(customer, session, strict=True)]
        whose = " and ".join(one for one in (rows.customer, rows.session) if one)
        batch.refuse(np.array(nobody), f"{whose} is missing: whose event it is")
        kinds = _kinds(batch, rows)
        moments, missing, wrong = batch.moments(rows.time, mapping)
        batch.refuse(missing, f"{rows.time} is missing")
        batch.refuse(wrong, f"{rows.time} is no moment such as 2013-05-02 18:20:13")
        properties = batch.objects(rows.properties, "properties")
        amounts, currencies = _amounts(batch, rows, mapping.currency, kinds, properties)
        good = ~batch.bad
        yield EventColumns(
            source=[name] * int(good.sum()),
            id=_only(ids, good),
            customer=_only(customer, good),
            session=_only(session, good),
            type=_only(kinds, good),
            time=moments[good],
            amount=np.array(_only(amounts, good), dtype=np.float64),
            currency=_only(currencies, good),
            properties=_only(properties, good),
        )
        found.rows += batch.count


def _batches(source: Source, rows: CustomerRows | EventRows, found: Found) -> Iterator[_Batch]:
    tables = {name: _lookup(source, rows, name) for name in rows.lookups}
    for values in source.batches(rows, rows.own()):
        count = len(next(iter(values.values())))
        batch = _Batch(values, count, found)
        for name, lookup in rows.lookups.items():
            pointers = [as_text(one) for one in values[lookup.by]]
            columns = rows.of_lookup(name)
            nothing = (None,) * len(columns)
            targets = [tables[name].get(one, nothing) for one in pointers]
            hanging = [one is not None and one not in tables[name] for one in pointers]
            batch.note(np.array(hanging), f"{lookup.by} leads to no row of {lookup.table or name}")
            for at, column in enumerate(columns):
                values[f"{name}{DOT}{column}"] = [target[at] for target in targets]
        yield batch


def _lookup(
    source: Source, rows: CustomerRows | EventRows, name: str
) -> dict[str | None, tuple[Any, ...]]:
    columns = rows.of_lookup(name)
    lookup = rows.lookups[name]
    found: dict[str | None, tuple[Any, ...]] = {}
    for values in source.batches(lookup, columns):
        for line in zip(*(values[column] for column in columns), strict=True):
            key = as_text(line[0])
            if key is not None and found.setdefault(key, line) != line:
                where = lookup.table or name
                raise BadSource(f"{where}: several rows have the {lookup.key} {key}")
    return found


def _ids(batch: _Batch, keys: list[str]) -> list[Any]:
    parts = [batch.texts(key, key, MAX_ID, required=True) for key in keys]
    if len(parts) == 1:
        return parts[0]
    ids = [_BETWEEN_KEYS.join(one or "" for one in row) for row in zip(*parts, strict=True)]
    batch.check_texts(ids, " and ".join(keys), MAX_ID, required=False)
    return ids


def _kinds(batch: _Batch, rows: EventRows) -> list[Any]:
    if isinstance(rows.type, Always):
        return [rows.type.always] * batch.count
    return batch.texts(rows.type, rows.type, MAX_TYPE, required=True)


def _amounts(
    batch: _Batch,
    rows: EventRows,
    currency: str | None,
    kinds: list[str | None],
    properties: list[dict[str, Any] | None],
) -> tuple[list[float], list[str | None]]:
    """What moved, and in which currency; what cannot be read is kept among the properties."""
    values = list(batch.column(rows.amount))
    if rows.amount_for is not None:
        moved = [kind in rows.amount_for for kind in kinds]
        values = [one if has else None for one, has in zip(values, moved, strict=True)]
    read = [as_amount(one) for one in values]
    named = [as_text(one) or currency for one in batch.column(rows.currency)]
    amounts, currencies = [], []
    wrong = np.zeros(batch.count, dtype=bool)
    for row, (amount, own) in enumerate(zip(read, named, strict=True)):
        value = amount.value
        differs = None not in (amount.currency, own) and amount.currency != own
        if differs or (math.isnan(value) and not amount.plain):
            wrong[row] = True
            value = math.nan
            properties[row] = {**(properties[row] or {}), AS_WRITTEN: as_json(values[row])}
        amounts.append(value)
        currencies.append(None if math.isnan(value) else own or amount.currency)
    understood = np.array([not one.plain for one in read]) & ~wrong
    batch.note(understood, f"{rows.amount} is a text, read as an amount")
    batch.note(wrong, f"{rows.amount} cannot be read; stored without an amount, as {AS_WRITTEN}")
    if rows.amount_for is not None:
        without = [kind in rows.amount_for for kind in kinds] & np.isnan(amounts) & ~wrong
        batch.note(without, f"{rows.amount} is missing where money should have moved")
    return amounts, currencies


def _where(values: Sequence[Any], condition: Callable[[Any], bool]) -> Missing:
    return np.fromiter((condition(one) for one in values), dtype=bool, count=len(values))


def _broken(values: Sequence[Any]) -> Missing:
    """Which values hold text that cannot be stored: with NUL, or half of a surrogate pair."""
    nested = any(isinstance(one, (dict, list)) for one in values)
    if not nested and _is_text("".join([one for one in values if isinstance(one, str)])):
        return np.zeros(len(values), dtype=bool)
    return _where(values, lambda one: not _is_text(one))


def _is_text(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_is_text(one) for pair in value.items() for one in pair)
    if isinstance(value, list):
        return all(map(_is_text, value))
    try:
        return not isinstance(value, str) or b"\0" not in value.encode()
    except UnicodeEncodeError:
        return False


def _only(values: Sequence[Any], rows: Missing) -> list[Any]:
    return [one for one, good in zip(values, rows.tolist(), strict=True) if good]
