"""Declarations of features, what was answered with them, and events by their session."""

import sqlalchemy as sa
from alembic import op

from valuebox.store.migrations.beside import build_index

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None
works_from = "0008"

_BY_SESSION = "ix_events_session_source"
_SESSIONS = "events (session, source) WHERE session IS NOT NULL"


def beforehand(connection: sa.Connection) -> None:
    if sa.inspect(connection).has_table("events"):
        build_index(connection, _BY_SESSION, _SESSIONS)


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "feature_declarations",
        sa.Column("name", sa.String(63), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("added_at", moment, nullable=False),
        sa.Column("answers", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("name", "version", name="pk_feature_declarations"),
    )
    op.create_table(
        "feature_answers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(63), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(16), nullable=False),
        sa.Column("source", sa.String(100), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("session", sa.String(200)),
        sa.Column("at", moment, nullable=False),
        sa.Column("asked_at", moment, nullable=False),
        sa.Column("properties", sa.JSON()),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_feature_answers"),
    )
    op.create_index("ix_feature_answers_subject_source", "feature_answers", ["subject", "source"])
    op.execute(f"CREATE INDEX IF NOT EXISTS {_BY_SESSION} ON {_SESSIONS}")
