"""Tables of predicted customers, as migrations of packages make them.

What a migration does never changes, and so nor do these functions: a later form of a table gets a
function of its own.
"""

import sqlalchemy as sa
from alembic import op

from valuebox.store.migrations.sums import create_sums


def create_tables(name: str) -> None:
    """Make `NAME_predictions`, `NAME_outcomes` and the tables of their sums.

    Args:
        name: Of the compartment.
    """
    _create_predictions(f"{name}_predictions")
    _create_outcomes(f"{name}_outcomes", f"{name}_predictions")
    create_sums(name, f"{name}_predictions", ["variance"], is_calibrated=True)


def drop_tables(name: str) -> None:
    """Take away what `create_tables` has made."""
    sums = ("models", "folded", "passed_over", "arrivals", "prediction_bins", "feature_bins")
    for table in (*sums, "cohorts", "cohort_scatter", "monitor_results", "outcomes", "predictions"):
        op.drop_table(f"{name}_{table}")


def _create_predictions(table: str) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(100), nullable=False),
        sa.Column("customer", sa.String(200), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("prediction", sa.Double(), nullable=False),
        sa.Column("known", sa.JSON(), nullable=False),
        sa.Column("model", sa.String(255), nullable=False),
        sa.Column("predicted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
    )
    for columns in (["request_id"], ["source", "customer", "id"]):
        op.create_index(f"ix_{table}_{'_'.join(columns)}", table, columns)


def _create_outcomes(table: str, predictions: str) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("target", sa.Double(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("summed", sa.Double()),
        sa.ForeignKeyConstraint(
            ["id"], [f"{predictions}.id"], name=f"fk_{table}_id_{predictions}", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
    )
    op.create_index(
        f"ix_{table}_not_summed",
        table,
        ["id"],
        postgresql_where=sa.text("target IS DISTINCT FROM summed"),
        sqlite_where=sa.text("target IS NOT summed"),
    )
