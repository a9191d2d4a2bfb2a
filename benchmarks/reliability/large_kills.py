"""What is killed of many parts, and how long it takes until somebody is answered again."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from benchmarks.reliability.chaos_clients import Clients, Request
from benchmarks.reliability.chaos_kills import KINDS, Kill, Killer
from benchmarks.reliability.large_pages import Visitor
from benchmarks.reliability.large_parts import Parts, revive, strike
from support.services import eventually

POOLER: Final = "PgBouncer"
REPLICA: Final = "the read replica"
DATABASE: Final = "the database"
ALL: Final = (*KINDS, POOLER, REPLICA, DATABASE)
AWAY_SECONDS: Final = 2.0
"""How long what was killed stays away."""
AGAIN_SECONDS: Final = 120


@dataclass(frozen=True)
class Outage:
    """A part that was away for a while."""

    kind: str
    seconds: float
    """From its start until somebody was answered again."""
    refused: int
    """Requests, or pages, that were told meanwhile to come back, or broke off."""


class LargeKiller:
    """Kills one part after the other, under the load of clients and of a visitor of pages."""

    def __init__(self, parts: Parts, clients: Clients, visitor: Visitor, chance: random.Random):
        self.outages: list[Outage] = []
        self._parts = parts
        self._clients = clients
        self._visitor = visitor
        self._chance = chance
        self._killers = [
            Killer(server, clients, parts.store, gate, chance)
            for server, gate in zip(parts.services, parts.gates, strict=True)
        ]

    @property
    def kills(self) -> list[Kill]:
        """Those of the services."""
        return [kill for one in self._killers for kill in one.kills]

    @property
    def caught(self) -> list[Request]:
        """Of the kills between commit and answer."""
        return [request for one in self._killers for request in one.caught]

    @property
    def misses(self) -> int:
        """Kills of services that broke nothing."""
        return sum(one.misses for one in self._killers)

    def kill(self, kind: str) -> str:
        """Kill in one of the ways, and say what came of it."""
        if kind in KINDS:
            kill = self._chance.choice(self._killers).kill(kind)
            return f"broke {kill.broken}"
        server = self._parts.databases
        pooler = self._parts.pooler
        ways: dict[str, tuple[Callable[[], None], Callable[[], None]]] = {
            POOLER: (pooler.kill, pooler.start),
            REPLICA: (lambda: strike(server.replica), lambda: revive(server.replica)),
            DATABASE: (lambda: strike(server.primary), lambda: revive(server.primary)),
        }
        outage = self._away(kind, *ways[kind])
        self.outages.append(outage)
        return f"refused {outage.refused}, back after {outage.seconds:.1f} s"

    def _away(self, kind: str, kill: Callable[[], None], start: Callable[[], None]) -> Outage:
        asking = self._visitor if kind == REPLICA else self._clients
        before = asking.refused()
        time.sleep(self._chance.uniform(0.2, 1.0))
        kill()
        gone = time.monotonic()
        time.sleep(AWAY_SECONDS)
        if kind == REPLICA:
            # Without it pages come from the database itself.
            self._await_answer(asking, gone)
        start()
        back = time.monotonic()
        self._await_answer(asking, back)
        return Outage(kind, time.monotonic() - back, asking.refused() - before)

    def _await_answer(self, asking: Clients | Visitor, moment: float) -> None:
        def is_answered() -> bool:
            for one in (self._clients, self._visitor):
                if failure := one.failure():
                    raise failure
            return asking.has_answers_since(moment)

        eventually(is_answered, AGAIN_SECONDS)
