"""The ways in which the service is killed, each at a moment when it has work."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import psutil
from benchmarks.measured_service import WORKERS
from benchmarks.reliability.chaos_audit import is_stored
from benchmarks.reliability.chaos_clients import Clients, Request
from benchmarks.reliability.chaos_gates import Gate
from support.killable import KillableServer
from support.services import eventually

from valuebox.store.engine import Store

WORKER: Final = "a worker"
SERVER: Final = "the whole server"
BETWEEN: Final = "the whole server, between commit and answer"
KINDS: Final = (WORKER, SERVER, BETWEEN)
# After so many kills of a worker there is one where its successor is waited for.
SUCCESSOR_EVERY: Final = 4
SUCCESSOR_SECONDS: Final = 120
TRIES: Final = 5
CATCH_SECONDS: Final = 60
SOON_SECONDS: Final = 2


class NoKill(Exception):
    """Again and again no request was under way: the run would prove nothing."""


@dataclass(frozen=True)
class Kill:
    """One that counts."""

    kind: str
    broken: int
    """Requests that were under way and got no answer; at least 1."""


class Killer:
    """Kills one server under the load of its clients, and starts it again."""

    def __init__(
        self,
        server: KillableServer,
        clients: Clients,
        store: Store,
        gate: Gate,
        chance: random.Random,
    ):
        self.kills: list[Kill] = []
        self.caught: list[Request] = []
        self.misses = 0
        self._server = server
        self._clients = clients
        self._store = store
        self._gate = gate
        self._chance = chance

    def kill(self, kind: str) -> Kill:
        """Kill in one of the ways, until that has broken a request off.

        Raises:
            NoKill: when it did not, several times.
            Exception: what has ended a client before its time.
        """
        ways: dict[str, Callable[[], int]] = {
            WORKER: self._kill_worker,
            SERVER: self._kill_server,
            BETWEEN: self._kill_between,
        }
        for _ in range(TRIES):
            time.sleep(self._chance.uniform(0.2, 1.0))
            if failure := self._clients.failure():
                raise failure
            if broken := ways[kind]():
                self.kills.append(Kill(kind, broken))
                return self.kills[-1]
            self.misses += 1
        raise NoKill(f"{kind}: no request was under way, {TRIES} times")

    def _kill_worker(self) -> int:
        workers = self._server.workers()
        busy = [one for one in workers if _has_connections(one)]
        victim = self._chance.choice(busy or workers)
        moment = time.monotonic()
        victim.kill()
        broken = self._broken_by(moment)
        killed = 1 + sum(kill.kind == WORKER for kill in self.kills)
        if not broken or killed % SUCCESSOR_EVERY == 0:
            eventually(self._is_complete, SUCCESSOR_SECONDS)
        return broken

    def _kill_server(self) -> int:
        moment = time.monotonic()
        self._server.kill()
        broken = self._broken_by(moment)
        self._server.start()
        return broken

    def _kill_between(self) -> int:
        """Only counts when the request is stored and its answer was kept from the client."""
        key = self._gate.catch(CATCH_SECONDS)
        try:
            if key is None or not _comes_true(lambda: is_stored(self._store, key), SOON_SECONDS):
                return 0
            (request,) = [one for one in self._clients.requests if one.key == key]
            # What is caught does not get away: at the kill it is as it is now.
            answered = bool(request.answer)
            moment = time.monotonic()
            self._server.kill()
        finally:
            self._gate.release()
        broken = self._broken_by(moment)
        self._server.start()
        if answered or not broken:
            return 0
        self.caught.append(request)
        return broken

    def _broken_by(self, moment: float) -> int:
        _comes_true(lambda: self._clients.broken_by(moment) > 0, SOON_SECONDS)
        return self._clients.broken_by(moment)

    def _is_complete(self) -> bool:
        """Whether all workers have started, and answer."""
        workers = self._server.workers()
        return len(workers) == WORKERS and all(map(_has_connections, workers))


def _has_connections(worker: psutil.Process) -> bool:
    try:
        return any(one.status == psutil.CONN_ESTABLISHED for one in worker.net_connections("tcp"))
    except psutil.NoSuchProcess:
        return False


def _comes_true(condition: Callable[[], bool], seconds: float) -> bool:
    try:
        eventually(condition, seconds)
    except AssertionError:
        return False
    return True
