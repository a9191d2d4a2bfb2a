"""Rows of a request, found by their ids: nobody has to keep an index by request."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from valuebox.store.ids import first_id, last_of_block, moment_of

# Before revision 0012 the ids of rows were made when the body had come, and not with the request:
# later by what a request may take, or earlier where the clock was corrected meanwhile.
_OF_FORMER_VERSIONS: Final = timedelta(minutes=10)


def of_request(
    session: Session,
    row_id: InstrumentedAttribute[Any],
    column: InstrumentedAttribute[Any],
    request_id: UUID,
) -> ColumnElement[bool]:
    """Whether a row came with a request, in a form that the primary key can answer.

    Args:
        session: Reads, to see whether the request shares a block of ids with its rows.
        row_id: The primary key of the rows.
        column: The id of the request of each row.
        request_id: Of the request.
    """
    is_its_own = column == request_id
    in_block = and_(row_id.between(request_id, last_of_block(request_id)), is_its_own)
    if session.scalar(select(select(row_id).where(in_block).exists())):
        return in_block
    try:
        began = moment_of(request_id)
        earliest = first_id(began - _OF_FORMER_VERSIONS)
        latest = first_id(began + _OF_FORMER_VERSIONS)
    except (OverflowError, ValueError):
        # No id that was ever made here.
        return false()
    return and_(row_id.between(earliest, latest), is_its_own)
