"""Adding to sums: what every statement of this package has in common."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Select, and_, case, func, inspect, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.elements import SQLCoreOperations

from valuebox.ltv.bins import Reference
from valuebox.ltv.tables import LtvFeatures, LtvPrediction
from valuebox.ltv.uncertainty import Uncertainty
from valuebox.names import AROUND, MISSING_SEGMENT, RESERVED
from valuebox.store.base import Base


@dataclass(frozen=True)
class KnownModel:
    """What the rows of a model are summed up by; nothing of one that was never registered."""

    model: str
    reference: Reference | None = None
    uncertainty: Uncertainty | None = None


@dataclass(frozen=True)
class Batch:
    """The rows of one model whose features have ids from after one to another, included."""

    model: KnownModel
    after: UUID
    through: UUID

    def holds(self) -> ColumnElement[bool]:
        """The condition on joined `LtvFeatures` and `LtvPrediction`."""
        # On both sides of the join: whichever the database begins with, it reads a range.
        both = (LtvFeatures.id, LtvPrediction.features_id)
        bounds = [and_(one > self.after, one <= self.through) for one in both]
        return and_(*bounds, LtvPrediction.model == self.model.model)

    def select(self, *columns: SQLCoreOperations[Any]) -> Select[*tuple[Any, ...]]:
        """These columns of its rows."""
        features_id = LtvPrediction.features_id
        return (
            select(*columns)
            .select_from(LtvFeatures)
            .join(LtvPrediction, features_id == LtvFeatures.id)
            .where(self.holds())
        )


def day_joined() -> ColumnElement[Any]:
    """On the site's own clock."""
    return func.date(LtvFeatures.join_date, type_=Date)


def day_received(session: Session) -> ColumnElement[Any]:
    """In UTC."""
    moment: Any = LtvFeatures.received_at
    if session.get_bind().dialect.name == "postgresql":
        moment = func.timezone("UTC", moment)
    return func.date(moment, type_=Date)


def segment() -> ColumnElement[str]:
    """Of a user; that of users without one has a name too, and one that reads like it is quoted.

    As `names.quoted` has it.
    """
    own = LtvFeatures.country_segment
    bare = func.lower(func.trim(own, AROUND))
    return case(
        (own.is_(None), MISSING_SEGMENT),
        (bare.in_(["", *RESERVED]), literal('"') + own + literal('"')),
        else_=own,
    )


def add_up(
    session: Session,
    table: type[Base],
    model: str,
    rows: Select[*tuple[Any, ...]],
    latest: Sequence[InstrumentedAttribute[Any]] = (),
    kept: Sequence[InstrumentedAttribute[Any]] = (),
) -> None:
    """Add rows to sums by key; a key that was not there yet starts with them.

    Args:
        session: Its transaction is used.
        table: Of sums.
        model: Of these rows.
        rows: At most one for each key, with labels that name every column but `model`.
        latest: Columns that hold the newest value rather than a sum.
        kept: Columns that hold the first value.
    """
    found = rows.subquery()
    # Without a condition SQLite would take ON CONFLICT for the end of a join.
    values = select(literal(model), *found.c).where(literal(1) == 1)
    is_postgres = session.get_bind().dialect.name == "postgresql"
    insert = (postgresql.insert if is_postgres else sqlite.insert)(table)
    key = [column.name for column in inspect(table).primary_key]
    changed = {name: insert.excluded[name] for name in (column.key for column in latest)}
    first = {column.key for column in kept}
    for column in inspect(table).columns:
        name = column.name
        if name not in {*key, *changed, *first}:
            changed[name] = getattr(table, name) + insert.excluded[name]
    statement = insert.from_select(["model", *found.c.keys()], values).on_conflict_do_update(
        index_elements=key, set_=changed
    )
    session.execute(statement)
