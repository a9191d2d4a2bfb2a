"""Rows that sums which follow the ids would miss, noted in the transaction that stores them.

Ids are made from the clock of whoever stores a row. The sums hold all rows through one id, which
is right while ids tell the database's time within a few seconds. A row whose id does not, because
a clock is wrong or was set, or whose id the sums have passed, is noted by the database itself, and
added by itself. Nothing more is sent for it: what may note goes along with what inserts.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select, update
from sqlalchemy.orm import Session

from valuebox.predictions.ledger import Column, Ledger
from valuebox.store.ids import COUNTER_DIGITS, Blocks, IdColumn, Ids, moment_of
from valuebox.store.writing import COPY_FROM, Then

TOLERANCE_SECONDS: Final = 10
"""Between an id and the database's clock; with the deadline of a request much less than
`folding.SETTLED`."""
_NOW: Final = {
    "postgresql": "EXTRACT(EPOCH FROM now())",
    "sqlite": "(julianday('now') - 2440587.5) * 86400",
}


def noting(name: str, rows: str, ids: Sequence[UUID]) -> Then:
    """What notes new predicted rows, where the database finds their time wrong or passed.

    Args:
        name: Of the compartment, whose tables of sums are called after it.
        rows: Name of the table of the rows.
        ids: Of one request, or of several that came at the same moment. Of many rows `Ids`, or
            `Blocks` of these: each of other ids stands in the statement.
    """
    blocks = ids.blocks if isinstance(ids, Blocks) else [ids] if isinstance(ids, Ids) else []
    first = min(one[0] for one in blocks) if blocks else min(ids)
    seconds = moment_of(first).timestamp()
    into = f"INSERT INTO {name}_passed_over (id, is_summed) SELECT id,"
    through = f"(SELECT through FROM {name}_folded)"  # noqa: S608
    new, values = _new(ids, blocks)

    def sql(dialect: str) -> str:
        if dialect == "sqlite":
            return (
                f"{into} 0 FROM {rows} WHERE {_among(ids, blocks)} AND "
                f"(abs({_NOW[dialect]} - {seconds}) > {TOLERANCE_SECONDS} OR "
                f"'{first.hex}' <= {through})"
            )
        return (
            f"{into} false FROM {new} WHERE (abs({_NOW[dialect]} - %s::float8) > "
            f"{TOLERANCE_SECONDS} OR %s::uuid <= {through})"
        )

    return Then(sql, [*values, seconds, str(first)], is_usual=len(values) > 0)


def is_noted(ledger: Ledger) -> ColumnElement[bool]:
    """Whether a row of a ledger is added by itself, or has been."""
    return exists().where(ledger.sums.passed_over.id == ledger.id)


def summed(ledger: Ledger, row_id: Column, through: UUID) -> ColumnElement[bool]:
    """Whether the sums hold a predicted row.

    Args:
        ledger: Of the row.
        row_id: Column with the id of the row.
        through: Of `FoldingProgress`.
    """
    passed_over = ledger.sums.passed_over
    noted = exists().where(passed_over.id == row_id)
    return or_(
        and_(row_id <= through, ~noted),
        exists().where(passed_over.id == row_id, passed_over.is_summed),
    )


def next_noted(session: Session, ledger: Ledger, count: int) -> Sequence[UUID]:
    """Noted rows that are to be added next, at most `count`."""
    passed_over = ledger.sums.passed_over
    waiting = select(passed_over.id).where(~passed_over.is_summed)
    return session.scalars(waiting.order_by(passed_over.id).limit(count)).all()


def forget_notes(session: Session, ledger: Ledger, added: Sequence[UUID], through: UUID) -> None:
    """Take note that rows were added, and forget those that `through` has passed."""
    passed_over, options = ledger.sums.passed_over, {"synchronize_session": False}
    if added:
        session.execute(
            update(passed_over)
            .where(passed_over.id.in_(added))
            .values(is_summed=True)
            .execution_options(**options)
        )
    session.execute(
        delete(passed_over)
        .where(passed_over.is_summed, passed_over.id <= through)
        .execution_options(**options)
    )


def _new(ids: Sequence[UUID], blocks: Sequence[Ids]) -> tuple[str, list[str]]:
    """New ids as PostgreSQL is told of them: to plan how to find them would take it longer."""
    if len(ids) < COPY_FROM or not blocks:
        texts = ids.texts() if isinstance(ids, IdColumn) else map(str, ids)
        return "unnest(%s::uuid[]) AS new (id)", [f"{{{','.join(texts)}}}"]
    told = ", ".join(f"('{one.stem}', {len(one)})" for one in blocks)
    return (
        f"(VALUES {told}) AS block (stem, size), generate_series(1, size) AS counter, "
        f"LATERAL (SELECT (stem || lpad(to_hex(counter), {COUNTER_DIGITS}, '0'))::uuid) AS new (id)"
    ), []


def _among(ids: Sequence[UUID], blocks: Sequence[Ids]) -> str:
    """The condition on rows of SQLite that have some of the ids."""
    if not blocks:
        return f"id IN ({', '.join(repr(one.hex) for one in ids)})"
    ends = " OR ".join(f"id BETWEEN '{one[0].hex}' AND '{one[-1].hex}'" for one in blocks)
    return f"({ends})"
