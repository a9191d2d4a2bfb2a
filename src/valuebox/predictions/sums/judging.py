"""Users as they are judged: predicted and realised sums by cohort.

Of a user who was sent several times, the newest prediction of each model counts, as it is the
one that the last answer held. What it replaces is taken out of the sums again.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    CompoundSelect,
    Select,
    Subquery,
    case,
    func,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from valuebox.compartments.ltv.tables import LtvFeatures, LtvOutcome, LtvPrediction
from valuebox.predictions.sums.adding import Batch, KnownModel, add_up, day_joined, segment
from valuebox.predictions.sums.coding import future, later, scatter_of
from valuebox.predictions.sums.passed_over import summed
from valuebox.predictions.sums.tables import LtvCohorts, LtvCohortScatter

Changes = Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]]


def judge_rows(session: Session, batch: Batch) -> None:
    """Add the users of a batch, with the outcomes that the sums hold, to their cohorts."""
    _add(session, batch.model, _of_rows(batch))


def judge_nobody(
    session: Session, model: KnownModel, user_ids: Sequence[int], through: UUID
) -> None:
    """Take users, with the outcomes that the sums hold, out of their cohorts.

    Args:
        session: Its transaction is used.
        model: That said something of them.
        user_ids: Any number that fits into a statement.
        through: The last features row that the sums hold.
    """
    newest = _newest(model.model, user_ids, through)
    _add(
        session,
        model,
        select(
            newest.c.id,
            literal(-1).label("sign"),
            literal(1).label("whole"),
            newest.c.summed.label("outcome"),
        ),
    )


def judge_outcomes(
    session: Session, model: KnownModel, user_ids: Sequence[int], through: UUID
) -> None:
    """Exchange, in their cohorts, the outcomes that the sums hold of users for the real ones.

    Args:
        session: Its transaction is used.
        model: That said something of them.
        user_ids: Users whose outcomes changed.
        through: The last features row that the sums hold.
    """
    _add(session, model, _of_outcomes(model.model, user_ids, through))


def _of_rows(batch: Batch) -> Changes:
    """Each row that is now the newest of its user, and what it replaces.

    Columns: `id, sign, whole, outcome`. The ids of late rows may be smaller than that of a row
    which the sums hold; that one stays.
    """
    place = func.row_number().over(partition_by=LtvFeatures.user_id, order_by=LtvFeatures.id.desc())
    ranked = batch.select(LtvFeatures.user_id, LtvFeatures.id, place.label("place")).subquery()
    newest = select(ranked.c.user_id, ranked.c.id).where(ranked.c.place == 1).cte("newest")
    earlier, said = aliased(LtvFeatures), aliased(LtvPrediction)
    before = (
        select(earlier.id)
        .join(said, said.features_id == earlier.id)
        .where(
            earlier.user_id == newest.c.user_id,
            summed(earlier.id, batch.through),
            said.model == batch.model.model,
        )
        .order_by(earlier.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    replaced = select(newest.c.user_id, newest.c.id.label("by"), before.label("id")).subquery()
    is_newer = replaced.c.id.is_(null()) | (replaced.c.id < replaced.c.by)
    changes = union_all(
        select(replaced.c.user_id, replaced.c.by.label("id"), literal(1).label("sign")).where(
            is_newer
        ),
        select(replaced.c.user_id, replaced.c.id, literal(-1)).where(replaced.c.id < replaced.c.by),
    ).subquery()
    return select(
        changes.c.id, changes.c.sign, literal(1).label("whole"), LtvOutcome.summed.label("outcome")
    ).outerjoin_from(changes, LtvOutcome, LtvOutcome.user_id == changes.c.user_id)


def _of_outcomes(model: str, user_ids: Sequence[int], through: UUID) -> Changes:
    newest = _newest(model, user_ids, through)
    not_whole = literal(0).label("whole")
    return union_all(
        select(newest.c.id, literal(-1).label("sign"), not_whole, newest.c.summed.label("outcome")),
        select(newest.c.id, literal(1), literal(0), newest.c.target),
    )


def _newest(model: str, user_ids: Sequence[int], through: UUID) -> CTE:
    """The row of each user that the cohorts hold: `id`, and `summed` and `target` of outcomes."""
    place = func.row_number().over(partition_by=LtvFeatures.user_id, order_by=LtvFeatures.id.desc())
    ranked = (
        select(LtvFeatures.user_id, LtvFeatures.id, place.label("place"))
        .join(LtvPrediction, LtvPrediction.features_id == LtvFeatures.id)
        .where(
            LtvFeatures.user_id.in_(user_ids),
            summed(LtvFeatures.id, through),
            LtvPrediction.model == model,
        )
        .subquery()
    )
    return (
        select(ranked.c.id, LtvOutcome.summed, LtvOutcome.target)
        .outerjoin(LtvOutcome, LtvOutcome.user_id == ranked.c.user_id)
        .where(ranked.c.place == 1)
        .cte("newest")
    )


def _add(session: Session, model: KnownModel, changes: Changes) -> None:
    """Add changes to the cohorts.

    Args:
        session: Its transaction is used.
        model: Of all of them.
        changes: `id` of a features row, `sign` (1 or -1: taken out again), `whole` (1 where the
            user is meant, 0 where only the outcome is) and `outcome` (NULL where unknown).
    """
    rows = _rows(model, changes.subquery())
    known = case((rows.c.outcome.is_not(None), rows.c.sign), else_=0)
    error = rows.c.outcome - rows.c.prediction
    whole = rows.c.sign * rows.c.whole

    def total(weight: ColumnElement[Any], *amounts: ColumnElement[Any]) -> ColumnElement[Any]:
        for amount in amounts:
            weight = weight * amount
        # Of nothing known at all the sum would be NULL.
        return func.coalesce(func.sum(weight), 0)

    cohort = (rows.c.day, rows.c.segment)
    sums = {
        "users": total(whole),
        "prediction": total(whole, rows.c.prediction),
        "later": total(whole, rows.c.later),
        "future": total(whole, rows.c.future),
        "known_users": total(known),
        "known_prediction": total(known, rows.c.prediction),
        "known_later": total(known, rows.c.later),
        "known_future": total(known, rows.c.future),
        "known_actual": total(known, rows.c.outcome),
        "known_squares": total(known, error, error),
    }
    labelled = [value.label(name) for name, value in sums.items()]
    by_cohort = select(*cohort, *labelled).group_by(*cohort)
    add_up(session, LtvCohorts, model.model, by_cohort)
    if model.uncertainty is not None:
        by_bin = select(
            *cohort, rows.c.bin, total(whole).label("users"), total(known).label("known_users")
        ).group_by(*cohort, rows.c.bin)
        add_up(session, LtvCohortScatter, model.model, by_bin)


def _rows(model: KnownModel, changes: Subquery) -> Subquery:
    prediction, stv = LtvPrediction.prediction, LtvFeatures.stv
    uncertainty = model.uncertainty
    share = uncertainty.future_share if uncertainty else 0.0
    bins = scatter_of(prediction, stv, uncertainty) if uncertainty else literal(0)
    return (
        select(
            day_joined().label("day"),
            segment().label("segment"),
            bins.label("bin"),
            changes.c.sign,
            changes.c.whole,
            changes.c.outcome,
            prediction,
            later(prediction, stv).label("later"),
            future(prediction, stv, share).label("future"),
        )
        .select_from(changes)
        .join(LtvFeatures, LtvFeatures.id == changes.c.id)
        .join(LtvPrediction, LtvPrediction.features_id == LtvFeatures.id)
        .where(LtvPrediction.model == model.model)
        .subquery()
    )
