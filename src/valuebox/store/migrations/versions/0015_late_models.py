"""How far the sums hold rows of models that were noted after these had been added."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None
works_from = "0008"


def upgrade() -> None:
    op.create_table(
        "late_models",
        sa.Column("ledger", sa.String(100), nullable=False),
        sa.Column("model", sa.String(255), nullable=False),
        sa.Column("unknown_through", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("ledger", "model", name="pk_late_models"),
    )
