"""Rows that sums could pass over, as their ids are of another time than the database's."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None
works_from = "0008"


def upgrade() -> None:
    op.create_table(
        "ltv_passed_over",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("is_summed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["id"],
            ["ltv_features.id"],
            name="fk_ltv_passed_over_id_ltv_features",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_ltv_passed_over"),
    )
