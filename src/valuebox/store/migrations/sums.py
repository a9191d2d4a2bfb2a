"""The tables of the sums of a compartment, as migrations make them.

Each compartment that predicts has the same ones. A migration that was published goes on making
what it made: when these tables change, another function is added, and a migration of every
compartment's.
"""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from alembic import op

_TAG: Final = 255


def create_sums(
    name: str, rows: str, extras: Sequence[str] = (), is_calibrated: bool = False
) -> None:
    """Make the tables, and have the sums begin before the first row.

    Args:
        name: Of the compartment.
        rows: Table of predicted rows, whose key is `id`.
        extras: What is added up beside the predictions of a cohort.
        is_calibrated: Whether predictions and outcomes are added up by bin, too.
    """
    op.create_table(
        f"{name}_models",
        sa.Column("model", sa.String(_TAG), nullable=False),
        _moment("trained_at"),
        _moment("registered_at"),
        sa.Column("reference", sa.JSON(), nullable=False),
        sa.Column("uncertainty", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("model", name=f"pk_{name}_models"),
    )
    folded = op.create_table(
        f"{name}_folded",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("through", sa.Uuid(), nullable=False),
        sa.Column("folded_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}_folded"),
    )
    op.bulk_insert(folded, [{"id": 1, "through": UUID(int=0)}])
    op.create_table(
        f"{name}_passed_over",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("is_summed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["id"], [f"{rows}.id"], name=f"fk_{name}_passed_over_id_{rows}", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}_passed_over"),
    )
    segment, number = sa.String(100), sa.Integer()
    _by_day(
        f"{name}_arrivals",
        {"segment": segment},
        _count("rows"),
        _amount("prediction"),
        _moment("first_at"),
        _moment("last_at"),
    )
    _by_day(f"{name}_prediction_bins", {"segment": segment, "bin": number}, _count("rows"))
    _by_day(f"{name}_feature_bins", {"feature": sa.String(200), "bin": number}, _count("rows"))
    _by_day(
        f"{name}_cohorts",
        {"segment": segment},
        _count("users"),
        _count("known_users"),
        *map(_amount, ("known_actual", "known_squares")),
        *map(_amount, ("prediction", "known_prediction")),
        *(_amount(column) for extra in extras for column in (extra, f"known_{extra}")),
    )
    calibration = ("known_prediction", "known_actual") if is_calibrated else ()
    _by_day(
        f"{name}_cohort_scatter",
        {"segment": segment, "bin": number},
        _count("users"),
        _count("known_users"),
        *map(_amount, calibration),
    )
    op.create_table(
        f"{name}_monitor_results",
        sa.Column("id", sa.Uuid(), nullable=False),
        _moment("made_at"),
        sa.Column("crossed", sa.Boolean(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}_monitor_results"),
    )


def _by_day(table: str, keys: dict[str, Any], *sums: sa.Column[Any]) -> None:
    # By day first: it is a period that is asked for.
    every = {"day": sa.Date(), "model": sa.String(_TAG), **keys}
    columns = [sa.Column(name, kind, nullable=False) for name, kind in every.items()]
    op.create_table(table, *columns, *sums, sa.PrimaryKeyConstraint(*every, name=f"pk_{table}"))


def _moment(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def _count(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _amount(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Double(), nullable=False)
