"""Stored rows whose outcome is known, to judge any model on."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import exists, select, text
from sqlalchemy.orm import Session

from valuebox.predictions.ledger import Ledger

_CHUNK: Final = 50_000


def matured_rows(
    session: Session,
    ledger: Ledger,
    columns: Sequence[Any],
    since: datetime | None,
    after: datetime | None,
    before: datetime | None,
) -> Iterator[Sequence[Any]]:
    """Rows of the days of a period that have an outcome; of each subject the newest one.

    Args:
        session: Reads in one transaction, for as long as that takes.
        ledger: Of the rows.
        columns: What is read of each.
        since: Only rows of then or later.
        after: Only rows of later than then.
        before: Only rows of before then.

    Yields:
        Many rows at once, in the order of their ids: the columns, then the outcome.
    """
    if session.get_bind().dialect.name == "postgresql":
        # Years of rows take longer to read than a request may.
        session.execute(text("SET LOCAL statement_timeout = 0"))
    outcomes = ledger.outcomes
    labelled = [column.label(f"column_{place}") for place, column in enumerate(columns)]
    target = outcomes.table.target.label("target")
    query = ledger.select(*ledger.keyed, *labelled, target).join(outcomes.table, outcomes.is_of_row)
    if since is not None:
        query = query.where(ledger.day >= since)
    if after is not None:
        query = query.where(ledger.day > after)
    if before is not None:
        query = query.where(ledger.day < before)
    rows, later = query.subquery("rows"), ledger.select(*ledger.keyed).subquery("later")
    is_replaced = exists().where(ledger.is_same(later, rows), later.c.id > rows.c.id)
    wanted = [rows.c[column.name] for column in (*labelled, target)]
    newest = select(*wanted).where(~is_replaced).order_by(rows.c.id)
    yield from session.execute(newest.execution_options(yield_per=_CHUNK)).partitions()
