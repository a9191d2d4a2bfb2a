"""Alembic's entry: runs the migrations on the connection that `migrate.upgrade` hands over.

It knows no table: each migration says what it changes, and a test compares the outcome with what
the code declares. The metadata only says how constraints are named.
"""

from alembic import context

from valuebox.store.base import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table=context.config.attributes["version_table"],
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
