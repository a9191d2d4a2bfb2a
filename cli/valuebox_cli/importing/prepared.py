"""A table that has been read once: put aside, and known well enough to be read as facts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from valuebox.facts.tables import MAX_ID
from valuebox.schemas.expressions import BadExpression
from valuebox_cli.importing.columns.amounts import AmountColumn
from valuebox_cli.importing.columns.plain import PlainColumn
from valuebox_cli.importing.columns.texts import TextColumn, as_texts
from valuebox_cli.importing.expressions import Expression, parse
from valuebox_cli.importing.found import Found, Mask, Rows
from valuebox_cli.importing.ids import (
    Ordinals,
    Repeated,
    Repeats,
    Texts,
    joined,
    numbered,
    put_before,
)
from valuebox_cli.importing.joins import Join
from valuebox_cli.importing.mapping import CustomerRows, EventRows, Mapping
from valuebox_cli.importing.opened import BadSource, Source
from valuebox_cli.importing.seen import Column, Key, Seen
from valuebox_cli.importing.spool import Spool

_ID: Final = "id"
_MICRO: Final = 6
"""Digits behind the point of what is worked out: 6 × 2.55 is 15.3, and not 15.299999999999999."""


class Prepared:
    """A table of customers or events, between its first reading and its second.

    Args:
        source: Where it is.
        rows: What the mapping says of it.
        mapping: The rest of the mapping.
    """

    def __init__(self, source: Source, rows: CustomerRows | EventRows, mapping: Mapping):
        self.rows, self.mapping = rows, mapping
        self.found = Found(rows.called)
        self.notes: list[str] = []
        """How columns are read, in words."""
        self.expressions: dict[Key, Expression] = {}
        self.seen = Seen()
        self.source = source
        self._wanted: list[tuple[Key, str, Column | None]] = []
        self._perhaps: list[tuple[Key, str, Column]] = []
        self._put: set[str] = set()
        self._ordinals = Ordinals()
        if not rows.keys and not source.has_order and "order by" not in (rows.query or "").lower():
            raise BadSource(
                f"{rows.called}: rows of a database have no numbers that stay: take an id that "
                "they have, or a query with ORDER BY"
            )
        self._spool = Spool()
        for at, key in enumerate(rows.keys):
            self.want((_ID, at), key, TextColumn(key))
        if rows.where:
            self.work_out("where", rows.where)

    def close(self) -> None:
        """Forget the rows."""
        self._spool.close()

    @property
    def total(self) -> int:
        """Number of rows, once all of them have been read."""
        return self._spool.rows

    def want(self, key: Key, reference: str, column: Column) -> None:
        """Read a column as what it is; a mapping may have an expression instead of it."""
        self._wanted.append((key, reference, column))

    def want_if_there(self, key: Key, reference: str, column: Column) -> None:
        """Read a column that the table may lack."""
        self._perhaps.append((key, reference, column))

    def reads(self, key: Key) -> bool:
        """Whether there is such a column or expression, once the table has been read."""
        return key in self.expressions or self.seen.has(key)

    def work_out(self, key: Key, expression: str) -> None:
        """Work out an expression."""
        self._wanted.append((key, expression, None))

    def first_reading(self, advance: Callable[[int], None]) -> None:
        """Read the whole table, look at every column, and decide how it is read.

        Raises:
            ValueboxError: when the table cannot be read, or a column in several ways.
        """
        repeats = Repeats()
        with self.source.open(self.rows) as opened:
            join = Join(opened.called, opened.names, self.rows.lookups)
            self._settle(join)
            join.check()
            join.load(self.source)
            for batch in join.batches(opened):
                self.seen.see(batch)
                if self.rows.keys:
                    repeats.see(joined([_whole(batch[one]) for one in self.rows.keys]))
                self._spool.put(batch)
                advance(batch.num_rows)
        self._join = join
        self.repeated: Repeated = repeats.found()
        self.notes += self.seen.decide()

    def _settle(self, join: Join) -> None:
        """Find out which of what is wanted are columns, and which expressions."""
        there = [one for one in self._perhaps if join.knows(one[1])]
        for key, reference, column in (*self._wanted, *there):
            if column is not None and (
                join.knows(reference) or not _is_worked_out(reference, column)
            ):
                join.want(reference)
                self.seen.add(key, reference, column)
                continue
            self.expressions[key] = expression = parse(reference)
            for needed in expression.needs:
                join.want(needed.column)
                self.seen.add(needed, needed.column, self._operand(needed.column, needed.kind))

    def _operand(self, name: str, kind: Literal["number", "text"]) -> Column:
        if kind == "text":
            return TextColumn(name)
        return AmountColumn(name, self.mapping.decimal, self.mapping.currency)

    def batches(self) -> Iterator["Batch"]:
        """The second reading."""
        at = 0
        for values in self._spool.batches():
            batch = Batch(self, values, Rows(values.num_rows, self.found), at)
            if "where" in self.expressions:
                kept, wrong = batch.worked_out("where")
                batch.rows.only(kept | wrong.any_row)
                batch.refuse_wrong(wrong)
            for hanging, what in self._join.hanging(values):
                batch.rows.note(hanging, what)
            shared = self.repeated.shared[at : at + values.num_rows] if self.rows.keys else None
            batch.identify(shared, self._ordinals)
            yield batch
            at += values.num_rows
            self.found.rows = at

    def again(self, batch: "Batch") -> Mask:
        """Which stored rows have the id of an earlier stored one; to be asked once of a batch."""
        again = np.zeros(batch.rows.count, dtype=bool)
        if batch.shared is not None and not self.rows.has_ordinals:
            for row in np.flatnonzero(batch.shared & batch.rows.good).tolist():
                again[row] = batch.ids[row] in self._put
                self._put.add(batch.ids[row])
        return again


@dataclass(frozen=True)
class Wrong:
    """Values that an expression needs, and that cannot be read."""

    by_column: dict[str, Mask]
    any_row: Mask
    no_result: Mask
    """Rows with numbers, but without a result: one number is missing, or it is 0 / 0."""


class Batch:
    """A batch of rows of a table, read the second time."""

    def __init__(self, table: Prepared, values: pa.RecordBatch, rows: Rows, before: int):
        self.table, self.values, self.rows = table, values, rows
        self.before = before
        """Rows of the table above those of the batch."""
        self.ids: Texts = np.full(rows.count, None, dtype=object)
        self.shared: Mask | None = None

    def identify(self, shared: Mask | None, ordinals: Ordinals) -> None:
        """Work out the ids, and refuse rows without one."""
        of = self.table.rows
        if not of.keys:
            ids = numbered(self.before, self.rows.count, of.table or self.table.source.name)
        else:
            parts = [self.texts((_ID, at), key) for at, key in enumerate(of.keys)]
            for part, key in zip(parts, of.keys, strict=True):
                self.rows.refuse(pd.isna(part), f"{key} is missing")
            composite = len(parts) > 1 or of.has_ordinals
            ids = joined(parts) if composite else parts[0]
            if of.has_ordinals and shared is not None:
                ids = ordinals.told_apart(ids, shared & self.rows.good)
        self.ids = put_before(ids, of.prefix)
        if len(of.keys) != 1 or of.prefix or of.has_ordinals:
            self.check_texts(self.ids, " and ".join(of.keys) or "the row's id", MAX_ID)
        self.shared = shared

    def texts(self, key: Key, what: str, longest: int = MAX_ID) -> Texts:
        """A column of texts; rows with one that cannot be stored are refused."""
        texts: Texts = self.table.seen.read(key, self.values)
        self.check_texts(texts, what, longest)
        return texts

    def check_texts(self, texts: Texts, what: str, longest: int) -> None:
        """Refuse rows with texts that cannot be stored."""
        column = pa.array(texts, pa.string())
        self.rows.refuse(
            _holds(pc.greater(pc.utf8_length(column), longest)),
            f"{what} is longer than {longest} characters",
        )
        self.rows.refuse(_holds(pc.match_substring(column, "\0")), f"{what} holds NUL")

    def worked_out(self, key: Key) -> tuple[NDArray[Any], Wrong]:
        """The value of an expression, and which rows have numbers in it that are none."""
        expression = self.table.expressions[key]
        read: dict[Any, Any] = {
            needed: self.table.seen.read(needed, self.values) for needed in expression.needs
        }
        numbers = {one.column: read[one] for one in read if one.kind == "number"}
        wrong = {column: one.wrong for column, one in numbers.items()}

        def column(name: str, kind: Literal["number", "text"]) -> NDArray[Any]:
            found: NDArray[Any] = numbers[name].value if kind == "number" else read[name, kind]
            return found

        found = expression.evaluate(column, self.rows.count)
        if not expression.is_condition:
            found = np.round(found, _MICRO)
        nowhere = np.zeros_like(self.rows.bad)
        any_row = np.logical_or.reduce([nowhere, *wrong.values()])
        told = np.logical_or.reduce([nowhere, *(~np.isnan(one.value) for one in numbers.values())])
        return found, Wrong(wrong, any_row, np.isnan(found) & told & ~any_row)

    def refuse_wrong(self, wrong: Wrong) -> None:
        """Refuse rows of which a condition cannot be known."""
        for column, rows in wrong.by_column.items():
            self.rows.refuse(rows, f"{column} is no number")


def _is_worked_out(text: str, column: Column | None) -> bool:
    """Whether what is no column is an expression."""
    if not isinstance(column, AmountColumn | PlainColumn):
        return False
    try:
        expression = parse(text)
    except BadExpression:
        return False
    return bool(expression.needs) and not expression.is_column


def _whole(values: pa.Array) -> Texts:
    texts = pa.array(as_texts(values), pa.string())
    found: Texts = pc.replace_substring_regex(texts, r"^(-?(?:[1-9]\d*|0))\.0+$", r"\1").to_numpy(
        zero_copy_only=False
    )
    return found


def _holds(found: pa.Array) -> Mask:
    mask: Mask = found.fill_null(False).to_numpy(zero_copy_only=False)
    return mask
