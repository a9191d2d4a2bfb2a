"""Sums over predictions and outcomes; what is stored already is added to them by the service."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ltv_models",
        sa.Column("model", sa.String(255), nullable=False),
        sa.Column("trained_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reference", sa.JSON(), nullable=False),
        sa.Column("uncertainty", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("model", name="pk_ltv_models"),
    )
    folded = op.create_table(
        "ltv_folded",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("through", sa.Uuid(), nullable=False),
        sa.Column("folded_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_ltv_folded"),
    )
    op.bulk_insert(folded, [{"id": 1, "through": UUID(int=0)}])
    _sums(
        "ltv_arrivals",
        [_segment()],
        _count("rows"),
        _amount("prediction"),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
    )
    _sums("ltv_prediction_bins", [_segment(), _bin()], _count("rows"))
    _sums("ltv_feature_bins", [sa.Column("feature", sa.String(50)), _bin()], _count("rows"))
    _sums(
        "ltv_cohorts",
        [_segment()],
        _count("users"),
        *map(_amount, ("prediction", "later", "future")),
        _count("known_users"),
        *map(_amount, ("known_prediction", "known_later", "known_future")),
        *map(_amount, ("known_actual", "known_squares")),
    )
    _sums("ltv_cohort_scatter", [_segment(), _bin()], _count("users"), _count("known_users"))
    op.create_table(
        "ltv_monitor_results",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("crossed", sa.Boolean(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ltv_monitor_results"),
    )
    op.create_index("ix_ltv_features_user_id_id", "ltv_features", ["user_id", "id"])
    op.drop_index("ix_ltv_features_user_id", "ltv_features")
    op.add_column("ltv_outcomes", sa.Column("summed", sa.Double()))
    not_summed = sa.column("target").is_distinct_from(sa.column("summed"))
    op.create_index(
        "ix_ltv_outcomes_not_summed",
        "ltv_outcomes",
        ["user_id"],
        postgresql_where=not_summed,
        sqlite_where=not_summed,
    )


def _sums(table: str, keys: list[sa.Column[Any]], *sums: sa.Column[Any]) -> None:
    # By day first: it is a period that is asked for.
    of_day: list[sa.Column[Any]] = [sa.Column("day", sa.Date())]
    columns = [*of_day, sa.Column("model", sa.String(255)), *keys]
    key = sa.PrimaryKeyConstraint(*(column.name for column in columns), name=f"pk_{table}")
    op.create_table(table, *columns, *sums, key)


def _segment() -> sa.Column[Any]:
    return sa.Column("segment", sa.String(100))


def _bin() -> sa.Column[Any]:
    return sa.Column("bin", sa.Integer())


def _count(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _amount(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Double(), nullable=False)
