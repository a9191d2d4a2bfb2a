"""Whether a database can be used at all, found out before anything is stored in it."""

from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from valuebox.errors import ValueboxError
from valuebox.store.clock import CLOCK, MOST_SECONDS

_ENCODING: Final = "UTF8"


class UnsuitableDatabase(ValueboxError):
    """The database answers, and cannot hold what valuebox stores; the message says what to do."""


class ClockWrong(ValueboxError):
    """This machine's clock is too far from the database's."""


def check_suitable(connection: Connection) -> None:
    """See that texts of any language can be stored, and that rows can be staged.

    Raises:
        UnsuitableDatabase: naming what is missing, and how it comes about.
    """
    if connection.dialect.name != "postgresql":
        return
    query = (
        "SELECT current_setting('server_encoding'), current_schema(), current_user, "
        "has_database_privilege(current_database(), 'TEMPORARY')"
    )
    encoding, schema, role, may_stage = connection.execute(text(query)).one()
    if encoding != _ENCODING:
        raise UnsuitableDatabase(
            f"the database is encoded in {encoding}, in which not every text can be stored; "
            "make one with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"
        )
    if schema is None:
        raise UnsuitableDatabase(
            "no schema of the search path is there, so that tables would have no place; create it, "
            "or name another one with options=-csearch_path=…"
        )
    if not may_stage:
        raise UnsuitableDatabase(
            f"the role {role} may not make temporary tables, which large requests need; "
            f"GRANT TEMPORARY ON DATABASE … TO {role}"
        )


def check_clock(session: Session) -> None:
    """See that this machine's clock is near that of the database.

    Raises:
        ClockWrong: saying how far it is off.
    """
    behind = CLOCK.compare(session)
    if not CLOCK.is_right:
        raise ClockWrong(
            f"this machine's clock is {abs(behind):,.0f} s "
            f"{'behind' if behind > 0 else 'ahead of'} the database's, and {MOST_SECONDS:.0f} s "
            "are the most; set one of them right (chrony, ntpd)"
        )
