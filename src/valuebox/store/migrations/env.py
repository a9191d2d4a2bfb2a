"""Alembic's entry: runs the migrations on the connection that `migrate.upgrade` hands over."""

from alembic import context

from valuebox.facts import tables as facts_tables  # noqa: F401  (registers its tables on Base)
from valuebox.growth.response import tables as responses  # noqa: F401
from valuebox.ltv import tables  # noqa: F401
from valuebox.ltv.summaries import tables as sums  # noqa: F401
from valuebox.store import idempotency, keys, promise  # noqa: F401
from valuebox.store.base import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
