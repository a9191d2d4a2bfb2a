"""What was known of customers whose responses were predicted, and what came true."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None
works_from = "0008"


def upgrade() -> None:
    op.create_table(
        "response_features",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("known", sa.JSON(), nullable=False),
        _of_prediction("response_features"),
        sa.PrimaryKeyConstraint("id", name="pk_response_features"),
    )
    op.create_table(
        "response_outcomes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("target", sa.Double(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("summed", sa.Double()),
        _of_prediction("response_outcomes"),
        sa.PrimaryKeyConstraint("id", name="pk_response_outcomes"),
    )
    not_summed = sa.column("target").is_distinct_from(sa.column("summed"))
    op.create_index(
        "ix_response_outcomes_not_summed",
        "response_outcomes",
        ["id"],
        postgresql_where=not_summed,
        sqlite_where=not_summed,
    )
    op.create_table(
        "prediction_periods",
        sa.Column("compartment", sa.String(50), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(100), nullable=False),
        sa.Column("model", sa.String(255), nullable=False),
        sa.Column("told", sa.Text()),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("predictions", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint(
            "compartment", "request_id", "source", name="pk_prediction_periods"
        ),
    )
    due = sa.text("due_at IS NOT NULL")
    op.create_index(
        "ix_prediction_periods_due",
        "prediction_periods",
        ["compartment", "due_at"],
        postgresql_where=due,
        sqlite_where=due,
    )
    op.create_table(
        "prediction_settled",
        sa.Column("compartment", sa.String(50), nullable=False),
        sa.Column("received_through", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("compartment", name="pk_prediction_settled"),
    )
    # Predictions that are stored already are judged as well, once it is told how.
    op.execute(
        "INSERT INTO prediction_periods (compartment, request_id, source, model, starts_at, "
        "ends_at, predictions, due_at) SELECT 'response', request_id, source, max(model), "
        "max(starts_at), max(ends_at), count(*), max(ends_at) FROM response_predictions "
        "GROUP BY request_id, source"
    )


def _of_prediction(table: str) -> sa.ForeignKeyConstraint:
    # Older versions delete predictions and know nothing of what hangs on them.
    return sa.ForeignKeyConstraint(
        ["id"],
        ["response_predictions.id"],
        name=f"fk_{table}_id_response_predictions",
        ondelete="CASCADE",
    )
