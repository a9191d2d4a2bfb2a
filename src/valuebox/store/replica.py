"""Where dashboards and reports read: the database itself, or a replica that is a little behind.

Whatever has to see what was stored a moment ago, such as a search or an answer that is given again,
asks the database itself.
"""

import logging
import threading
import time
from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from valuebox.store import migrate
from valuebox.store.deadline import within
from valuebox.store.engine import Store, make_engine
from valuebox.store.histories import History
from valuebox.store.urls import BadDatabaseUrl, parse_url

VARIABLE: Final = "VALUEBOX_READ_URL"
ANSWER_SECONDS: Final = 2.0
"""How long a replica may take to say how far behind it is."""
AWAY_SECONDS: Final = 10.0
"""For how long a replica that has not answered is not asked again."""
# What has been received is all there is, where a receiver is connected; else a primary that stores
# nothing cannot be told from one that is not heard any more.
_BEHIND: Final = text(
    "SELECT CASE WHEN NOT pg_is_in_recovery() THEN NULL "
    "WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() "
    "AND EXISTS (SELECT FROM pg_stat_wal_receiver) THEN 0 "
    "ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) END"
)

_log = logging.getLogger("valuebox")


class Source(NamedTuple):
    """Where to read now."""

    store: Store
    is_replica: bool
    seconds_behind: float | None
    """How old what is read is; None where a replica cannot tell, and 0 without one."""


class Reads:
    """Chooses where dashboards and reports read, each time anew.

    A replica that does not answer, or has other tables than this version needs, is passed over for
    a while: the database itself is read instead, and the log says so once.
    """

    def __init__(self, primary: Store, url: str = "", histories: Sequence[History] = ()):
        """Of a database and the URL of its replica, if there is one.

        Raises:
            BadDatabaseUrl: when the URL, or the database, is not of PostgreSQL.
        """
        if url and primary.engine.dialect.name != "postgresql":
            raise BadDatabaseUrl(
                f"{VARIABLE} names a replica, and DATABASE_URL SQLite, which has none"
            )
        self._primary = primary
        self._replica = _opened(url) if url else None
        self._histories = histories
        self._lock = threading.Lock()
        self._is_checked = False
        self._away_until = 0.0
        self._is_told = False

    @property
    def has_replica(self) -> bool:
        """Whether there is a replica, though it may not answer."""
        return self._replica is not None

    def choose(self) -> Source:
        """Where to read now."""
        replica = self._replica
        if replica is not None and time.monotonic() >= self._away_until:
            try:
                behind = self._ask(replica)
            except (SQLAlchemyError, _OtherTables) as error:
                self._pass_over(error)
            else:
                self._welcome()
                return Source(replica, True, behind)
        return self.newest()

    def newest(self) -> Source:
        """Where to read what was stored a moment ago: the database itself."""
        return Source(self._primary, False, 0.0)

    def close(self) -> None:
        """Give the connections to the replica back."""
        if self._replica is not None:
            self._replica.close()

    def _ask(self, replica: Store) -> float | None:
        with within(ANSWER_SECONDS):
            with replica.engine.connect() as connection:
                try:
                    found = connection.scalar(_BEHIND)
                except DBAPIError as error:
                    # Some who offer PostgreSQL have replicas of another kind, which cannot tell.
                    if error.connection_invalidated:
                        raise
                    found = None
            if not self._is_checked and not migrate.is_current(replica.engine, self._histories):
                raise _OtherTables
        return None if found is None else max(float(found), 0.0)

    def _welcome(self) -> None:
        with self._lock:
            is_back, self._is_told, self._is_checked = self._is_told, False, True
        if is_back:
            _log.info("the replica answers again: dashboards and reports read it")

    def _pass_over(self, error: Exception) -> None:
        with self._lock:
            is_known, self._is_told, self._is_checked = self._is_told, True, False
            self._away_until = time.monotonic() + AWAY_SECONDS
        if not is_known:
            is_other = isinstance(error, _OtherTables)
            _log.warning(
                "the replica %s: dashboards and reports read the database itself meanwhile",
                "is not at this version's schema" if is_other else "does not answer",
            )


class _OtherTables(Exception):
    """The replica answers, and has other tables than this version needs."""


def _opened(url: str) -> Store:
    try:
        if parse_url(url).get_backend_name() == "sqlite":
            raise BadDatabaseUrl("DATABASE_URL names SQLite, which has no replicas")
        return Store(make_engine(url))
    except BadDatabaseUrl as error:
        raise BadDatabaseUrl(str(error).replace("DATABASE_URL", VARIABLE)) from None
