"""Pages of stored rows, newest first."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import Select
from sqlalchemy.orm import InstrumentedAttribute, Session


class Found(Protocol):
    """A row as it is handed out."""

    prediction_id: UUID


Row = TypeVar("Row", bound=Found)


def page_of(
    session: Session,
    query: Select[*tuple[Any, ...]],
    id_: InstrumentedAttribute[UUID],
    size: int,
    after: UUID | None,
    told: Callable[..., Row],
) -> tuple[list[Row], UUID | None]:
    """One page of rows, and the id after which the next one begins; None on the last.

    Args:
        session: Reads.
        query: All rows.
        id_: By which the rows are ordered: ids are in order of time.
        size: Rows of a page.
        after: Id of the last row of the page before; None for the first page.
        told: Function of what the query selects that returns a row as it is handed out.
    """
    if after is not None:
        query = query.where(id_ < after)
    rows = session.execute(query.order_by(id_.desc()).limit(size + 1))
    found = [told(*row) for row in rows]
    page = found[:size]
    return page, page[-1].prediction_id if len(found) > size else None
