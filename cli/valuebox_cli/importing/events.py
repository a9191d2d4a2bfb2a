"""Rows of a table made into events."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from valuebox.facts.arriving import ArrivingEvents
from valuebox.facts.tables import MAX_TYPE
from valuebox.schemas.values import MAX_ROW_BYTES
from valuebox_cli.importing.columns.amounts import AmountColumn, Amounts
from valuebox_cli.importing.columns.currencies import currency_of
from valuebox_cli.importing.columns.moments import MomentColumn
from valuebox_cli.importing.columns.plain import PlainColumn
from valuebox_cli.importing.columns.texts import TextColumn, as_texts
from valuebox_cli.importing.found import Mask
from valuebox_cli.importing.ids import Texts
from valuebox_cli.importing.mapping import EventRows, Mapping
from valuebox_cli.importing.objects import Values, encoded, outsized, stored, unstorable
from valuebox_cli.importing.opened import Source
from valuebox_cli.importing.parts import Always, Renamed, When
from valuebox_cli.importing.prepared import Batch, Prepared

AS_WRITTEN: Final = "amount_as_written"
"""The property that keeps an amount that cannot be read."""

_PERSON: Final = ("customer", "session")
_MONEY: Final = "amount"


@dataclass(frozen=True)
class Told:
    """Events of a batch, some of which can be stored."""

    source: str
    columns: dict[str, Any]
    """Columns by the names of `ArrivingEvents`, of all rows of the batch."""
    again: Mask
    """Which rows have the id of an earlier one."""
    batch: Batch

    def some(self, rows: Mask) -> ArrivingEvents:
        """Events of some rows, as the database takes them."""
        found: dict[str, Any] = {}
        for name, values in self.columns.items():
            if isinstance(values, pa.Array):
                found[name] = stored(values.filter(pa.array(rows)))
            else:
                found[name] = values[rows].tolist() if values.dtype == object else values[rows]
        return ArrivingEvents([self.source] * int(rows.sum()), **found)


class EventTable:
    """A table of events.

    Args:
        source: Where it is.
        rows: What the mapping says of it.
        mapping: The rest of the mapping.
        known: Of customers, names of attributes and the columns that tell them.
    """

    def __init__(self, source: Source, rows: EventRows, mapping: Mapping):
        self.table = Prepared(source, rows, mapping)
        self.rows, self._mapping = rows, mapping
        want = self.table.want
        for name in _PERSON:
            if (column := getattr(rows, name)) is not None:
                want(name, column, TextColumn(column))
        if rows.currency:
            want("currency", rows.currency, TextColumn(rows.currency))
        time = rows.time
        want("time", time.column, MomentColumn(time.column, mapping.zone, time.format))
        if (money := rows.amount) is not None:
            decimal = money.decimal or mapping.decimal
            want(_MONEY, money.column, AmountColumn(money.column, decimal, mapping.currency))
        for name, one in rows.properties.items():
            want(("property", name), one.column, PlainColumn(one.column, one.is_a))
        self._want_types()

    def _want_types(self) -> None:
        match self.rows.type:
            case When(when=cases):
                for at, (condition, _) in enumerate(cases):
                    self.table.work_out(("type", at), condition)
            case Renamed(column=column) | str(column):
                self.table.want("type", column, TextColumn(column))

    def events(self, name: str) -> Iterator[Told]:
        """The second reading.

        Args:
            name: The source that they are known to come from.
        """
        for batch in self.table.batches():
            columns = self._columns(batch)
            yield Told(name, columns, self.table.again(batch), batch)

    def _columns(self, batch: Batch) -> dict[str, Any]:
        rows, count = self.rows, batch.rows.count
        customer, session = (
            _nobody(count) if getattr(rows, one) is None else batch.texts(one, getattr(rows, one))
            for one in _PERSON
        )
        whose = " and ".join(one for one in (rows.customer, rows.session) if one)
        batch.rows.refuse(
            pd.isna(customer) & pd.isna(session),
            f"{whose} is missing: whose event it is",
        )
        kinds = self._kinds(batch)
        times = batch.table.seen.read("time", batch.values)
        batch.rows.refuse(times.missing, f"{rows.time.column} is missing")
        batch.rows.refuse(
            times.wrong, f"{rows.time.column} is no moment such as 2013-05-02 18:20:13"
        )
        properties = {one: plain(batch, ("property", one)) for one in rows.properties}
        for values in properties.values():
            batch.rows.refuse(unstorable(values), "properties hold NUL, or no proper text")
        amount, currency, as_written = self._amounts(batch, kinds)
        if as_written is not None:
            properties[AS_WRITTEN] = as_written
        described = encoded(properties, count)
        too_large = f"properties take more than {MAX_ROW_BYTES:,} bytes"
        batch.rows.refuse(outsized(described), too_large)
        return {
            "id": batch.ids,
            "customer": customer,
            "session": session,
            "type": kinds,
            "time": times.values,
            "amount": amount,
            "currency": currency,
            "properties": described,
        }

    def _kinds(self, batch: Batch) -> Texts:
        given = self.rows.type
        kinds: Texts
        if isinstance(given, Always):
            return np.full(batch.rows.count, given.always, dtype=object)
        if isinstance(given, When):
            kinds = np.full(batch.rows.count, given.otherwise, dtype=object)
            for at, (_, kind) in reversed(list(enumerate(given.when))):
                holds, wrong = batch.worked_out(("type", at))
                batch.refuse_wrong(wrong)
                kinds[holds] = kind
            return kinds
        column = given if isinstance(given, str) else given.column
        kinds = batch.texts("type", column, MAX_TYPE)
        batch.rows.refuse(pd.isna(kinds), f"{column} is missing")
        if isinstance(given, Renamed):
            for old, new in given.names.items():
                kinds = np.where(kinds == old, new, kinds)
        return kinds

    def _amounts(
        self, batch: Batch, kinds: Texts
    ) -> tuple[NDArray[np.float64], Texts, Values | None]:
        """What moved, in which currency, and what was written where that cannot be read."""
        rows, count = self.rows, batch.rows.count
        named = self._named_currencies(batch)
        if rows.amount is None:
            return np.full(count, np.nan), _nobody(count), None
        moved = (
            np.ones(count, dtype=bool)
            if rows.amount_for is None
            else np.isin(kinds, np.array(list(rows.amount_for), dtype=object))
        )
        read, no_result, written = self._money(batch)
        here = moved & ~np.isnan(read.value)
        differs = pd.notna(read.currency) & pd.notna(named)
        differs &= np.not_equal(read.currency, named)
        wrong = moved & (read.wrong | differs)
        amount = np.where(here & ~wrong, read.value, np.nan)
        currency = np.where(pd.isna(named), read.currency, named)
        currency[np.isnan(amount)] = None
        column = rows.amount.column
        batch.rows.note(moved & read.understood & ~wrong, f"{column} is a text, read as an amount")
        batch.rows.note(
            wrong, f"{column} cannot be read; stored without an amount, as {AS_WRITTEN}"
        )
        batch.rows.note(
            moved & no_result,
            f"{column} cannot be worked out, as something in it is missing; stored without an "
            "amount",
        )
        if rows.amount_for is not None:
            batch.rows.note(
                moved & np.isnan(amount) & ~wrong & ~no_result,
                f"{column} is missing where money should have moved",
            )
        if not wrong.any():
            return amount, currency, None
        kept = _nobody(count)
        for row in np.flatnonzero(wrong).tolist():
            kept[row] = written(row)
        return amount, currency, kept

    def _money(self, batch: Batch) -> tuple[Amounts, Mask, Callable[[int], Any]]:
        """The amounts, rows whose amount lacks a part, and what finds out what a row said."""
        count = batch.rows.count
        if _MONEY not in batch.table.expressions:
            column = self.rows.amount.column  # type: ignore[union-attr]
            values = batch.values[column]
            read = batch.table.seen.read(_MONEY, batch.values)
            return read, np.zeros_like(read.wrong), lambda row: as_texts(values.slice(row, 1))[0]
        value, wrong = batch.worked_out(_MONEY)
        beyond = np.isinf(value)
        found = Amounts(
            np.where(wrong.any_row | beyond, np.nan, value),
            _nobody(count),
            np.zeros(count, dtype=bool),
            wrong.any_row | beyond,
        )
        needed = sorted({one.column for one in batch.table.expressions[_MONEY].needs})

        def written(row: int) -> str:
            return ", ".join(
                f"{one} {as_texts(batch.values[one].slice(row, 1))[0]}" for one in needed
            )

        return found, wrong.no_result, written

    def _named_currencies(self, batch: Batch) -> Texts:
        known, count = self._mapping.currency, batch.rows.count
        if self.rows.currency is None:
            return np.full(count, known, dtype=object)
        texts = batch.texts("currency", self.rows.currency)
        codes, each = pd.factorize(texts)
        found = [currency_of(str(one), known) for one in each]
        named = np.array([*found, known], dtype=object)[codes]
        batch.rows.refuse(
            pd.isna(named) & pd.notna(texts),
            f"{self.rows.currency} is no currency of ISO 4217",
        )
        return named


def plain(batch: Batch, key: Any) -> Values:
    """An attribute or property of every row."""
    if key not in batch.table.expressions:
        values: Values = batch.table.seen.read(key, batch.values)
        return values
    found, wrong = batch.worked_out(key)
    values = found.astype(object)
    if found.dtype.kind == "f":
        whole = np.isfinite(found) & (found == np.round(found)) & (np.abs(found) < 2**53)
        values[whole] = found[whole].astype(np.int64).astype(object)
        values[~np.isfinite(found)] = None
    values[wrong.any_row] = None
    return values


def _nobody(count: int) -> Texts:
    return np.full(count, None, dtype=object)
