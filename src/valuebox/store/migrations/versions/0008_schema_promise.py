"""How far back versions of valuebox may be that go on with the schema, for rolling upgrades."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None
works_from = "0001"


def upgrade() -> None:
    op.create_table(
        "schema_promise",
        sa.Column("revision", sa.String(32), nullable=False),
        sa.Column("works_from", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("revision", name="pk_schema_promise"),
    )
