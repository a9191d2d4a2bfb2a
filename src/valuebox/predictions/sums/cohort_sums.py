"""Sums of cohorts, predicted and realised: how rows and outcomes get into them and out again.

Of a subject that was predicted several times, the newest prediction of each model counts, as it
is the one that the last answer held. What it replaces is taken out of the sums again.
"""

from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    CompoundSelect,
    Select,
    Subquery,
    case,
    exists,
    func,
    literal,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from valuebox.predictions.ledger import Column, Ledger
from valuebox.predictions.sums.adding import Batch, KnownModel, add_up, says, segment_of
from valuebox.predictions.sums.days import day_of
from valuebox.predictions.sums.passed_over import summed

Changes = Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]]
_HELD, _REAL = 0, 1
"""Which outcome of a row is meant: the one that the sums hold, or the one that is stored."""


def add_to_cohorts(session: Session, batch: Batch) -> None:
    """Add the rows of a batch, with the outcomes that the sums hold, to their cohorts."""
    _add(session, batch.ledger, batch.model, _of_rows(batch))


def take_out_of_cohorts(session: Session, batch: Batch) -> None:
    """Take the rows of a batch, with the outcomes that the sums hold, out of their cohorts.

    Args:
        session: Its transaction is used.
        batch: All rows of some subjects, as far as the sums hold them.
    """
    newest = _newest(batch)
    changes = select(newest.c.id, *_meant(sign=-1, whole=1, outcome=_HELD))
    _add(session, batch.ledger, batch.model, changes)


def exchange_outcomes(session: Session, batch: Batch) -> None:
    """Exchange, in their cohorts, the outcomes that the sums hold of rows for the real ones.

    Args:
        session: Its transaction is used.
        batch: Rows whose outcomes changed.
    """
    newest = _newest(batch)
    changes = union_all(
        select(newest.c.id, *_meant(sign=-1, whole=0, outcome=_HELD)),
        select(newest.c.id, *_meant(sign=1, whole=0, outcome=_REAL)),
    )
    _add(session, batch.ledger, batch.model, changes)


def _meant(sign: int, whole: int, outcome: int) -> tuple[ColumnElement[int], ...]:
    return (
        literal(sign).label("sign"),
        literal(whole).label("whole"),
        literal(outcome).label("real"),
    )


def _of_rows(batch: Batch) -> Changes:
    """Each row that is now the newest of its subject, and what it replaces.

    The ids of late rows may be smaller than that of a row which the sums hold; that one stays.
    """
    ledger = batch.ledger
    place = func.row_number().over(partition_by=ledger.subject, order_by=ledger.id.desc())
    ranked = batch.select(*ledger.keyed, place.label("place")).subquery()
    newest = select(ranked).where(ranked.c.place == 1).cte("newest")
    earlier = ledger.select(*ledger.keyed, ledger.model.label("model")).subquery()
    before = (
        select(earlier.c.id)
        .where(
            ledger.is_same(earlier, newest),
            summed(ledger, earlier.c.id, batch.through),
            says(earlier.c.model, batch.model.model),
        )
        .order_by(earlier.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    replaced = select(newest.c.id.label("by"), before.label("id")).subquery()
    is_newer = replaced.c.id.is_(None) | (replaced.c.id < replaced.c.by)
    added = select(replaced.c.by.label("id"), *_meant(sign=1, whole=1, outcome=_HELD))
    gone = select(replaced.c.id, *_meant(sign=-1, whole=1, outcome=_HELD))
    return union_all(added.where(is_newer), gone.where(replaced.c.id < replaced.c.by))


def _newest(batch: Batch) -> Subquery:
    """Those rows of a batch that the cohorts hold, by `id`: the newest of their subjects.

    All rows of the batch are in the sums.
    """
    ledger, through = batch.ledger, batch.through
    mine = batch.select(*ledger.keyed).subquery("held")
    later = ledger.select(*ledger.keyed, ledger.model.label("model")).subquery("later")
    is_replaced = exists().where(
        ledger.is_same(later, mine),
        later.c.id > mine.c.id,
        says(later.c.model, batch.model.model),
        summed(ledger, later.c.id, through),
    )
    return select(mine.c.id).where(~is_replaced).subquery("newest")


def _add(session: Session, ledger: Ledger, model: KnownModel, changes: Changes) -> None:
    """Add changes to the cohorts.

    Args:
        session: Its transaction is used.
        ledger: Of the rows.
        model: Of all of them.
        changes: `id` of a row, `sign` (1 or -1: taken out again), `whole` (1 where the row is
            meant, 0 where only the outcome is) and `real` (which outcome is meant).
    """
    # Found once: PostgreSQL would look for all of them anew for every row of a table of which it
    # has no statistics yet.
    found = changes.cte("changes").prefix_with("MATERIALIZED", dialect="postgresql")
    for part, are_its in model.parts(ledger.id):
        _add_rows(session, ledger, part, _rows(ledger, part, found, are_its))


def _add_rows(session: Session, ledger: Ledger, model: KnownModel, rows: Subquery) -> None:
    """Add changes to the cohorts, with the rows that they are of."""
    known = case((rows.c.outcome.is_not(None), rows.c.sign), else_=0)
    error = rows.c.outcome - rows.c.prediction
    whole = rows.c.sign * rows.c.whole
    amounts = {name: rows.c[name] for name in ("prediction", *ledger.spread.extras)}

    def total(weight: ColumnElement[Any], *factors: ColumnElement[Any]) -> ColumnElement[Any]:
        for factor in factors:
            weight = weight * factor
        # Of nothing known at all the sum would be NULL.
        return func.coalesce(func.sum(weight), 0)

    cohort = (rows.c.day, rows.c.segment)
    sums = {
        "users": total(whole),
        "known_users": total(known),
        "known_actual": total(known, rows.c.outcome),
        "known_squares": total(known, error, error),
        **{name: total(whole, amount) for name, amount in amounts.items()},
        **{f"known_{name}": total(known, amount) for name, amount in amounts.items()},
    }
    labelled = [value.label(name) for name, value in sums.items()]
    by_cohort = select(*cohort, *labelled).group_by(*cohort)
    add_up(session, ledger.sums.cohorts, model.model, by_cohort)
    if "bin" in rows.c:
        names = ["users", "known_users"]
        names += ["known_prediction", "known_actual"] if ledger.spread.is_calibrated else []
        counted = [sums[name].label(name) for name in names]
        by_bin = select(*cohort, rows.c.bin, *counted).group_by(*cohort, rows.c.bin)
        add_up(session, ledger.sums.cohort_scatter, model.model, by_bin)


def _rows(
    ledger: Ledger, model: KnownModel, changes: CTE, are_its: ColumnElement[bool]
) -> Subquery:
    spread, outcomes = ledger.spread, ledger.outcomes
    extras = zip(spread.extras, spread.amounts(model.learned), strict=True)
    bins = spread.bin(model.learned)
    stored: list[Column] = [
        day_of(ledger.day).label("day"),
        segment_of(ledger.segment).label("segment"),
        ledger.prediction.label("prediction"),
        *(amount.label(name) for name, amount in extras),
        *([] if bins is None else [bins.label("bin")]),
        case((changes.c.real == _REAL, outcomes.table.target), else_=outcomes.table.summed).label(
            "outcome"
        ),
    ]
    return (
        ledger.select(changes.c.sign, changes.c.whole, *stored)
        .join(changes, changes.c.id == ledger.id)
        .outerjoin(outcomes.table, outcomes.is_of_row)
        .where(says(ledger.model, model.model), are_its)
        .subquery()
    )
