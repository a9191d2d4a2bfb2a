"""The interval beside every prediction; unknown for those that are there already."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Without a default: PostgreSQL then adds them without rewriting the table.
    for column in ("lower", "upper"):
        op.add_column("ltv_predictions", sa.Column(column, sa.Double()))
