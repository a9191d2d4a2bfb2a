"""Adding to sums: what every statement of this package has in common."""

from dataclasses import dataclass, replace
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, func, inspect, literal, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from valuebox.features.bins import Reference
from valuebox.predictions.ledger import Column, Ledger
from valuebox.schemas.names import AROUND, MISSING_SEGMENT, RESERVED
from valuebox.store.upsert import New, upsert


@dataclass(frozen=True)
class KnownModel:
    """What the rows of a model are summed up by; nothing of one that was never registered."""

    model: str
    reference: Reference | None = None
    learned: Any = None
    """What the `Spread` of the ledger has read of the note."""
    unknown_through: UUID | None = None
    """The last row that the sums hold as one of an unknown model; None where there is none."""

    def parts(self, row_id: Column) -> list[tuple["KnownModel", ColumnElement[bool]]]:
        """The model as the sums know it of its rows, with a condition on the id of these rows."""
        last = self.unknown_through
        if last is None:
            return [(self, true())]
        noted = replace(self, unknown_through=None)
        return [(KnownModel(self.model), row_id <= last), (noted, row_id > last)]


@dataclass(frozen=True)
class Batch:
    """Rows of one model that are added to the sums, or taken out of them again."""

    ledger: Ledger
    model: KnownModel
    within: ColumnElement[bool]
    """The condition on the ledger's rows, besides that of the model."""
    through: UUID
    """Where the sums reached before; see `passed_over.summed`."""
    sign: Literal[1, -1] = 1

    def select(self, *columns: Column) -> Select[*tuple[Any, ...]]:
        """A query for columns of the rows of the batch."""
        return self._mine(self.ledger.select(*columns))

    def select_features(self, *columns: Column) -> Select[*tuple[Any, ...]]:
        """A query for columns of those rows of the batch that features are counted in."""
        query = self._mine(self.ledger.select_features(*columns))
        last = self.model.unknown_through
        return query if last is None else query.where(self.ledger.id > last)

    def _mine(self, query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
        return query.where(self.within, says(self.ledger.model, self.model.model))

    def count(self) -> ColumnElement[int]:
        """Number of rows in a group; below 0 where rows are taken out."""
        return func.count() * self.sign


def says(column: Any, model: str) -> ColumnElement[bool]:
    """Whether a row is of a model, which PostgreSQL has to take for as likely as not.

    Of a model that its statistics do not know yet it expects a few rows, and would compare each row
    of a batch with each of a million that there are.
    """
    return case((column == model, True), else_=False)


def segment_of(own: Any) -> ColumnElement[str]:
    """Segment of a row, by name for rows without one too; a segment of that name is quoted.

    As `names.quoted` has it.
    """
    bare = func.lower(func.trim(own, AROUND))
    return case(
        (own.is_(None), MISSING_SEGMENT),
        (bare.in_(["", *RESERVED]), literal('"') + own + literal('"')),
        else_=own,
    )


def add_up(
    session: Session,
    table: type[Any],
    model: str,
    rows: Select[*tuple[Any, ...]],
    least: InstrumentedAttribute[Any] | None = None,
    greatest: InstrumentedAttribute[Any] | None = None,
) -> None:
    """Add rows to sums by key; a key that was not there yet starts with them.

    Args:
        session: Its transaction is used.
        table: Of sums.
        model: Of these rows.
        rows: At most one for each key, with labels that name every column but `model`.
        least: A column that holds the least value rather than a sum.
        greatest: A column that holds the greatest value.
    """
    found = rows.subquery()
    # Without a condition SQLite would take ON CONFLICT for the end of a join.
    values = select(literal(model).label("model"), *found.c).where(literal(1) == 1)

    def changed(added: New) -> dict[str, ColumnElement[Any]]:
        mapper = inspect(table)
        return {
            column.name: _put_together(
                getattr(table, column.name), added[column.name], least, greatest
            )
            for column in mapper.columns
            if column not in mapper.primary_key
        }

    upsert(session, table, values, changed)


def _put_together(
    old: InstrumentedAttribute[Any],
    new: ColumnElement[Any],
    least: InstrumentedAttribute[Any] | None,
    greatest: InstrumentedAttribute[Any] | None,
) -> ColumnElement[Any]:
    """What a column becomes: the least or greatest value of both, or their sum."""
    if least is not None and old.key == least.key:
        return case((old > new, new), else_=old)
    if greatest is not None and old.key == greatest.key:
        return case((old < new, new), else_=old)
    return old + new
