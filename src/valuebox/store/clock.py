"""What time it is by the database's clock, which all replicas share.

Ids and moments of rows are made here, and their order decides which row of a user is the newest.
A worker therefore asks PostgreSQL for its time, now and then, and corrects its own clock by what
that is off. An SQLite file has no clock but that of its machine.
"""

import logging
import time
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

WARN_SECONDS: Final = 2.0
MOST_SECONDS: Final = 300.0
"""Seconds off from which on this machine's clock is broken: keys and sessions go by it as well."""

_log = logging.getLogger("valuebox")


class Clock:
    """This machine's clock, as far as it is known how much it is off."""

    def __init__(self) -> None:
        """A clock that has not been compared with any other yet."""
        self._behind = 0.0
        self._is_told = False

    @property
    def is_right(self) -> bool:
        """Whether the clock is near enough to the database's for this worker to answer requests."""
        return abs(self._behind) <= MOST_SECONDS

    def milliseconds(self) -> int:
        """Since 1970, corrected."""
        return time.time_ns() // 1_000_000 + round(self._behind * 1_000)

    def moment(self) -> datetime:
        """The corrected time in UTC, to the millisecond."""
        return datetime.fromtimestamp(self.milliseconds() / 1_000, UTC)

    def compare(self, session: Session) -> float:
        """Ask the database what time it is, go by that, and say in the log what is amiss.

        Args:
            session: Reads.

        Returns:
            How many seconds this machine's clock is behind the database's; 0 on SQLite.
        """
        if session.get_bind().dialect.name == "postgresql":
            # The first statement may have to connect.
            session.connection()
            began = time.time_ns()
            there = session.execute(select(func.clock_timestamp())).scalar_one()
            half_way = (began + time.time_ns()) / 2e9
            self._behind = there.timestamp() - half_way
        is_off = abs(self._behind) > WARN_SECONDS
        if is_off and not self._is_told:
            _log.warning(
                "this machine's clock is %.1f s %s the database's; rows are stored by the latter",
                abs(self._behind),
                "behind" if self._behind > 0 else "ahead of",
            )
        self._is_told = is_off
        return self._behind

    def forget(self) -> None:
        """Go by this machine's clock again."""
        self._behind = 0.0
        self._is_told = False


CLOCK: Final = Clock()
"""The clock of this process, which works with one database."""


def now(session: Session) -> datetime:
    """When this transaction began, on PostgreSQL by the clock of its server; in UTC."""
    if session.get_bind().dialect.name == "postgresql":
        return session.execute(select(func.now())).scalar_one().astimezone(UTC)
    return datetime.now(UTC)
