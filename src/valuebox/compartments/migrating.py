"""Tables of `customers`, as migrations of packages make them.

What a migration does never changes, and so nor do these functions: a later form of a table gets a
function of its own.
"""

import sqlalchemy as sa
from alembic import op


def create_customer_predictions(table: str) -> None:
    """Make the table of a `CustomerPrediction` that has no columns of its own."""
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(100), nullable=False),
        sa.Column("customer", sa.String(200), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("prediction", sa.Double(), nullable=False),
        sa.Column("model", sa.String(255), nullable=False),
        sa.Column("predicted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
    )
    for columns in (["request_id"], ["source", "customer", "id"]):
        op.create_index(f"ix_{table}_{'_'.join(columns)}", table, columns)
