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
from valuebox.store.histories import History

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory

_WORKS_FROM: Final = "works_from"


class SchemaPromise(Base):
    """The oldest code that works with the schema; a row for each history of migrations."""

    __tablename__ = "schema_promise"

    revision: Mapped[str] = mapped_column(String(32), primary_key=True)
    """The revision that the database is at, as `History.named` tells it."""
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


def put_promise(connection: Connection, history: History) -> None:
    """Write down which code works from now on, in the transaction that migrates."""
    withdraw_promise(connection, history)
    promise = {
        "revision": history.named(history.head),
        "works_from": works_from(history.scripts),
    }
    connection.execute(insert(SchemaPromise).values(promise))


def withdraw_promise(connection: Connection, history: History) -> None:
    """Take back what was written down of a history."""
    of_whom = SchemaPromise.revision
    is_its_own = (
        of_whom.startswith(history.named(""), autoescape=True)
        if history.owner
        else ~of_whom.contains(":")
    )
    connection.execute(delete(SchemaPromise).where(is_its_own))


def is_promised(connection: Connection, history: History, found: str | None) -> bool:
    """Whether this code works with tables that newer code has migrated.

    Args:
        connection: To the database.
        history: The migrations that this code knows.
        found: The revision that the database is at.
    """
    if found is None or found <= history.head:
        return False
    named = history.named(found)
    query = select(SchemaPromise.works_from).where(SchemaPromise.revision == named)
    try:
        with connection.begin_nested():
            oldest = connection.scalar(query)
    except (OperationalError, ProgrammingError):
        # Of a version that promised nothing.
        return False
    return oldest is not None and oldest <= history.head
