"""Customers and their events."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "customers",
        sa.Column("source", sa.String(100), nullable=False),
        sa.Column("id", sa.String(200), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True)),
        sa.Column("attributes", sa.JSON()),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("source", "id", name="pk_customers"),
    )
    op.create_index("ix_customers_changed_at", "customers", ["changed_at"])
    op.create_table(
        "events",
        sa.Column("source", sa.String(100), nullable=False),
        sa.Column("id", sa.String(200), nullable=False),
        sa.Column("customer", sa.String(200)),
        sa.Column("session", sa.String(200)),
        sa.Column("type", sa.String(100), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("amount", sa.Double()),
        sa.Column("currency", sa.String(3)),
        sa.Column("properties", sa.JSON()),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("source", "id", name="pk_events"),
    )
    for columns in (["time"], ["received_at"], ["source", "customer", "time"]):
        op.create_index(f"ix_events_{'_'.join(columns)}", "events", columns)
