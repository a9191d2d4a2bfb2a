"""API keys, and keys of requests that belong to one of them."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(12), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("secret_sha256", sa.String(64), nullable=False),
        sa.Column("scopes", sa.String(100), nullable=False),
        sa.Column("requests_per_minute", sa.Integer()),
        sa.Column("rows_per_minute", sa.Integer()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.UniqueConstraint("name", name="uq_api_keys_name"),
    )
    # Requests of before came without an API key. The default fills their rows and goes again.
    with op.batch_alter_table("idempotent_requests") as table:
        table.add_column(sa.Column("caller_id", sa.String(12), nullable=False, server_default=""))
        table.drop_constraint("pk_idempotent_requests", type_="primary")
        table.create_primary_key("pk_idempotent_requests", ["caller_id", "key"])
    with op.batch_alter_table("idempotent_requests") as table:
        table.alter_column("caller_id", server_default=None)
