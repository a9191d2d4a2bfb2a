"""Decisions about offers, and which models decide."""

import sqlalchemy as sa
from alembic import op

from valuebox.store.migrations.sums import create_sums

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None
works_from = "0008"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "offers_decisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(100), nullable=False),
        sa.Column("customer", sa.String(200), nullable=False),
        sa.Column("session", sa.String(200), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("decided_at", moment, nullable=False),
        sa.Column("candidates", sa.JSON(), nullable=False),
        sa.Column("choice", sa.Integer()),
        sa.Column("offer_type", sa.String(100)),
        sa.Column("offer_price", sa.Double()),
        sa.Column("propensities", sa.JSON(), nullable=False),
        sa.Column("worths", sa.JSON()),
        sa.Column("left_out", sa.JSON()),
        sa.Column("features", sa.JSON(), nullable=False),
        sa.Column("declaration", sa.Text(), nullable=False),
        sa.Column("model", sa.String(255)),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("explored", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_offers_decisions"),
        sa.UniqueConstraint("source", "customer", "session", name="uq_offers_decisions_session"),
    )
    op.create_index("ix_offers_decisions_at", "offers_decisions", ["at"])
    op.create_index("ix_offers_decisions_offer_type", "offers_decisions", ["offer_type"])
    op.create_table(
        "offers_predictions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(100), nullable=False),
        sa.Column("customer", sa.String(200), nullable=False),
        sa.Column("offer_type", sa.String(100), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("prediction", sa.Double(), nullable=False),
        sa.Column("model", sa.String(255), nullable=False),
        sa.Column("decided_at", moment, nullable=False),
        _of_decision("offers_predictions"),
        sa.PrimaryKeyConstraint("id", name="pk_offers_predictions"),
    )
    op.create_table(
        "offers_outcomes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shown", sa.Boolean(), nullable=False),
        sa.Column("own", sa.Double(), nullable=False),
        sa.Column("rest", sa.Double(), nullable=False),
        sa.Column("target", sa.Double(), nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.Column("summed", sa.Double()),
        _of_decision("offers_outcomes"),
        sa.PrimaryKeyConstraint("id", name="pk_offers_outcomes"),
    )
    op.create_index(
        "ix_offers_outcomes_not_summed",
        "offers_outcomes",
        ["id"],
        postgresql_where=sa.text("target IS DISTINCT FROM summed"),
        sqlite_where=sa.text("target IS NOT summed"),
    )
    create_sums("offers", "offers_predictions", ["variance"], is_calibrated=True)
    op.create_table(
        "offers_promotions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("model", sa.String(255), nullable=False),
        sa.Column("promoted_at", moment, nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_offers_promotions"),
    )


def _of_decision(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["id"],
        ["offers_decisions.id"],
        name=f"fk_{table}_id_offers_decisions",
        ondelete="CASCADE",
    )
