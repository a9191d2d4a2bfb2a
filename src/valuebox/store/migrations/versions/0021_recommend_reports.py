"""What experiments and months of recommendations have shown, as it was last counted."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None
works_from = "0008"


def upgrade() -> None:
    op.create_table(
        "recommend_reports",
        sa.Column("source", sa.String(100), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("source", "name", name="pk_recommend_reports"),
    )
