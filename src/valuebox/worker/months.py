"""Months of partitioned tables: made before anything is of them, and dropped when they are old."""

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from threading import Event
from typing import Final, TypeVar

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from tenacity import (
    Retrying,
    retry_if_exception,
    sleep_using_event,
    stop_after_delay,
    stop_when_event_set,
    wait_random,
)

from valuebox.store.clock import now
from valuebox.store.engine import Store, is_held, reason
from valuebox.store.partitions import ahead, dropping
from valuebox.store.partitions.dividing import give_up, is_given_up
from valuebox.store.partitions.found import is_divided
from valuebox.store.pruning import alone
from valuebox.store.session_settings import without_limits

_SECONDS: Final = 30
"""How long a table that others hold is tried again, by somebody who comes back in an hour."""
_PATIENT_SECONDS: Final = 600

_log = logging.getLogger("valuebox")
_Done = TypeVar("_Done")


@dataclass(frozen=True)
class Months:
    """The months of tables whose rows belong together; nothing where these have no partitions."""

    store: Store
    tables: Mapping[str, str]
    """Their names in the order of writing, by what their rows are counted as."""
    stop: Event
    """Ends it after the month under way."""
    patient: bool
    """Whether to wait for others, or to leave it to them; see `Pruning.prune`."""

    def make_ahead(self) -> None:
        """Have a partition for this month and those to come.

        What cannot be made is said in the log, and harms nobody: rows go to the partition for all
        others, and stay there until it can.
        """
        if not self.tables or self.store.engine.dialect.name != "postgresql":
            return
        with self.store.reading() as session:
            connection, moment = session.connection(), now(session)
            divided = [one for one in self.tables.values() if is_divided(connection, one)]
            missing = ahead.missing_months(connection, divided, moment)
            given_up = [
                one
                for one in self.tables.values()
                if one not in divided and is_given_up(connection, one, moment)
            ]
        try:
            for table in given_up:
                self._alone(partial(give_up, table=table))
            made = [
                self._alone(partial(ahead.make_month, tables=divided, month=month))
                for month in missing
            ]
            if any(made):
                with self.store.writing() as session:
                    without_limits(session.connection())
                    for table in divided:
                        # Nothing else analyzes a partitioned table as a whole.
                        session.execute(text(f"ANALYZE {table}"))
        except DBAPIError as error:
            _log.warning("partitions of %s could not be made: %s", self._named, reason(error))

    def drop_old(self, before: datetime) -> tuple[Counter[str], bool]:
        """Drop the months that hold nothing but rows of before a moment.

        Returns:
            How many rows they had, by what they are counted as; and whether no such month is left.
        """
        total = Counter[str]()
        if not self.tables:
            return total, True
        tables = [*self.tables.values()]
        with self.store.reading() as session:
            ends = dropping.expired(session.connection(), tables, before)
        try:
            for end in ends:
                rows = self._alone(partial(dropping.drop, tables=tables, end=end))
                if rows is None:
                    return total, False
                total.update(dict(zip(self.tables, rows, strict=True)))
        except DBAPIError as error:
            if not is_held(error):
                raise
            _log.warning("old months of %s could not be dropped: %s", self._named, reason(error))
            return total, False
        return total, True

    @property
    def _named(self) -> str:
        return ", ".join(self.tables.values())

    def _alone(self, work: Callable[[Connection], _Done]) -> _Done | None:
        """Do something in a transaction, tried again while others hold what it needs.

        Returns:
            What it returns; None where somebody else prunes, or when it is told to stop.
        """

        def once() -> _Done | None:
            with self.store.writing() as session:
                if self.stop.is_set() or not alone(session, self.patient):
                    return None
                return work(session.connection())

        again = Retrying(
            retry=retry_if_exception(
                lambda error: isinstance(error, DBAPIError) and is_held(error)
            ),
            wait=wait_random(1, 3),
            stop=stop_after_delay(_PATIENT_SECONDS if self.patient else _SECONDS)
            | stop_when_event_set(self.stop),
            sleep=sleep_using_event(self.stop),
            reraise=True,
        )
        return again(once)
