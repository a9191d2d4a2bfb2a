"""Whether a worker should be sent requests, as load balancers ask it every few seconds."""

import asyncio
from collections.abc import Sequence
from typing import Final

import anyio.to_thread
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from valuebox.store import migrate
from valuebox.store.clock import CLOCK
from valuebox.store.deadline import within
from valuebox.store.histories import History

READY_SECONDS: Final = 2.5
"""Seconds for the database to answer; whoever asks for readiness seldom waits longer."""


class Readiness:
    """Asks the database whether it answers, with one thread and one connection for all askers."""

    def __init__(self, engine: Engine, histories: Sequence[History] = ()):
        """Of a database that has the tables of valuebox, and of these histories."""
        self._engine = engine
        self._histories = histories
        self._asked: asyncio.Task[bool] | None = None

    async def check(self) -> bool:
        """Whether the database answers in time, with the tables that this version needs.

        Nor is a worker ready while this machine's clock is far from the database's.
        """
        if self._asked is None or self._asked.done():
            self._asked = asyncio.create_task(anyio.to_thread.run_sync(self._ask))
        # Unlike `wait_for`, this leaves the question alone, which others wait for as well.
        answered, _ = await asyncio.wait([self._asked], timeout=READY_SECONDS)
        return any(one.result() for one in answered)

    def _ask(self) -> bool:
        with within(READY_SECONDS):
            return migrate.is_current(self._engine, self._histories) and self._has_right_clock()

    def _has_right_clock(self) -> bool:
        try:
            with Session(self._engine) as session:
                CLOCK.compare(session)
        except SQLAlchemyError:
            return False
        return CLOCK.is_right
