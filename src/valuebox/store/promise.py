"""Which versions of valuebox can work with a database: those of its revision, and often older ones.

A migration that only adds something names in `works_from` the oldest revision whose code goes on as
if nothing had happened; see docs/operate.md. What follows from all migrations is written beside the
revision, where code that has never heard of them can read it.
"""

from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, String, delete, insert, select
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.orm import Mapped, mapped_column

from valuebox.store.base import Base

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory

_WORKS_FROM: Final = "works_from"


class SchemaPromise(Base):
    """The oldest code that works with the schema; a single row, of the revision that it is at."""

    __tablename__ = "schema_promise"

    revision: Mapped[str] = mapped_column(String(32), primary_key=True)
    works_from: Mapped[str] = mapped_column(String(32))


def works_from(scripts: "ScriptDirectory") -> str:
    """The oldest revision whose code works with a database at the newest one.

    Args:
        scripts: All migrations; each that does not name a `works_from` needs code of its own
            revision.
    """
    oldest = needed = ""
    for script in scripts.walk_revisions():
        if oldest and script.revision < needed:
            break
        oldest = script.revision
        needed = max(needed, getattr(script.module, _WORKS_FROM, script.revision))
    return oldest


def put_promise(connection: Connection, revision: str, oldest: str) -> None:
    """Write down which code works from now on, in the transaction that migrates."""
    connection.execute(delete(SchemaPromise))
    connection.execute(insert(SchemaPromise).values(revision=revision, works_from=oldest))


def is_promised(connection: Connection, found: str | None, head: str | None) -> bool:
    """Whether code of revision `head` works with a database that newer code has migrated.

    Args:
        connection: To the database.
        found: The revision that the database is at.
        head: The newest revision that this code knows; revisions are numbers that grow.
    """
    if found is None or head is None or found <= head:
        return False
    query = select(SchemaPromise.works_from).where(SchemaPromise.revision == found)
    try:
        with connection.begin_nested():
            oldest = connection.scalar(query)
    except (OperationalError, ProgrammingError):
        # Of a version that promised nothing.
        return False
    return oldest is not None and oldest <= head
