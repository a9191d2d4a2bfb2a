"""Features, predictions and outcomes of the lifetime-value compartment."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ltv_features",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("join_date", sa.DateTime(), nullable=False),
        sa.Column("hidden", sa.Integer()),
        sa.Column("stv", sa.Double()),
        sa.Column("credit_card_level", sa.String(100)),
        sa.Column("is_lp", sa.Integer()),
        sa.Column("aff_type", sa.String(100)),
        sa.Column("is_cancelled", sa.Integer()),
        sa.Column("country_segment", sa.String(100)),
        sa.Column("extra", sa.JSON()),
        sa.PrimaryKeyConstraint("id", name="pk_ltv_features"),
    )
    for column in ("request_id", "user_id", "join_date"):
        op.create_index(f"ix_ltv_features_{column}", "ltv_features", [column])
    op.create_table(
        "ltv_predictions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("features_id", sa.Uuid(), nullable=False),
        sa.Column("model", sa.String(255), nullable=False),
        sa.Column("prediction", sa.Double(), nullable=False),
        sa.Column("predicted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["features_id"], ["ltv_features.id"], name="fk_ltv_predictions_features_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_ltv_predictions"),
    )
    op.create_index("ix_ltv_predictions_features_id", "ltv_predictions", ["features_id"])
    op.create_table(
        "ltv_outcomes",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("target", sa.Double(), nullable=False),
        sa.Column("first_reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_ltv_outcomes"),
    )
