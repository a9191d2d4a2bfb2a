"""What shops have, what was recommended to whom, and experiments."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None
works_from = "0008"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "recommend_items",
        sa.Column("source", sa.String(100), nullable=False),
        sa.Column("id", sa.String(200), nullable=False),
        sa.Column("category", sa.String(200)),
        sa.Column("price", sa.Double()),
        sa.Column("title", sa.Text()),
        sa.Column("url", sa.Text()),
        sa.Column("image", sa.Text()),
        sa.Column("available", sa.Boolean(), nullable=False),
        sa.Column("begins", moment),
        sa.Column("ends", moment),
        sa.Column("boost", sa.Double(), nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("source", "id", name="pk_recommend_items"),
    )
    op.create_index("ix_recommend_items_changed_at", "recommend_items", ["changed_at"])
    op.create_table(
        "recommend_exposures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(100), nullable=False),
        sa.Column("session", sa.String(200), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("place", sa.String(100)),
        sa.Column("seen", sa.JSON(), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("arm", sa.String(100), nullable=False),
        sa.Column("experiment", sa.String(100)),
        sa.Column("fallback", sa.String(100)),
        sa.Column("model", sa.String(255)),
        sa.Column("built_at", moment),
        sa.Column("looked_at", moment),
        sa.PrimaryKeyConstraint("id", name="pk_recommend_exposures"),
    )
    op.create_index("ix_recommend_exposures_session", "recommend_exposures", ["session", "source"])
    op.create_index("ix_recommend_exposures_at", "recommend_exposures", ["at"])
    op.create_table(
        "recommend_experiments",
        sa.Column("source", sa.String(100), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("shares", sa.JSON(), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("begins", moment, nullable=False),
        sa.Column("ends", moment),
        sa.PrimaryKeyConstraint("source", "name", name="pk_recommend_experiments"),
    )
    op.create_table(
        "recommend_forgettings",
        sa.Column("source", sa.String(100), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.PrimaryKeyConstraint("source", name="pk_recommend_forgettings"),
    )
