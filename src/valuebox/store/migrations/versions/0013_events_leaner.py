"""Leaner indices of events: what is random is small, and what is in order is smaller still.

Decision 0019 tells what each of them costs. Columns stay as they are, so that replicas of the
version before go on beside those of this one.
"""

import sqlalchemy as sa
from alembic import op

from valuebox.store.migrations.beside import build_index

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None
works_from = "0008"

_BY_CUSTOMER = "ix_events_customer_source"
_BY_TIME = "ix_events_time"
_PREPARED = f"{_BY_TIME}_brin"
_BRIN = "events USING brin (time) WITH (autosummarize = on)"


def beforehand(connection: sa.Connection) -> None:
    if sa.inspect(connection).has_table("events"):
        build_index(connection, _PREPARED, _BRIN, becomes=_BY_TIME)
        build_index(connection, _BY_CUSTOMER, "events (customer, source)")


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("LOCK TABLE events IN ACCESS EXCLUSIVE MODE")
        op.execute(f"CREATE INDEX IF NOT EXISTS {_PREPARED} ON {_BRIN}")
        op.drop_index(_BY_TIME, "events")
        op.execute(f"ALTER INDEX {_PREPARED} RENAME TO {_BY_TIME}")
    op.execute(f"CREATE INDEX IF NOT EXISTS {_BY_CUSTOMER} ON events (customer, source)")
    op.drop_index("ix_events_source_customer_time", "events")
