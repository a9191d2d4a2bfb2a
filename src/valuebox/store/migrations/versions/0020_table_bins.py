"""What tables of features hold, beside their declarations, and the newest event of each answer."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None
works_from = "0008"


def upgrade() -> None:
    op.add_column("feature_declarations", sa.Column("bins", sa.JSON()))
    op.add_column("feature_answers", sa.Column("newest", sa.DateTime(timezone=True)))
