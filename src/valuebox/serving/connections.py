"""Connections of a worker: how many there may be, and how many of these of one address.

Whoever opens enough of them would leave no descriptor for anybody else, probes included.
"""

import logging
import resource
import time
from collections import Counter as Tally
from functools import cache
from typing import Final, Literal, get_args

from prometheus_client import Counter, Gauge

from valuebox.serving.proxies import TrustedProxies

_KEPT_FOR_PROBES: Final = 64
_KEPT_FOR_FILES: Final = 256
"""Descriptors for database connections, models, sums and logs."""
_MOST_DESCRIPTORS: Final = 65_536
_SAID_EVERY: Final = 60.0

Reason = Literal[
    "slow head", "large head", "no HTTP", "slow body", "slow reader", "one address", "all"
]

_log = logging.getLogger("valuebox")


def raise_descriptor_limit() -> None:
    """Allow as many open files as the system lets this process and its children have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _MOST_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class Connections:
    """The connections of a worker, by the address that they come from."""

    def __init__(self, per_address: int, trusted: TrustedProxies):
        """The connections of a worker that has none yet.

        Args:
            per_address: How many an address may have.
            trusted: Proxies, which may have any number: many callers are behind each of them.
        """
        self._per_address = per_address
        self._trusted = trusted
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._most = (
            _MOST_DESCRIPTORS
            if soft == resource.RLIM_INFINITY
            else max(soft - _KEPT_FOR_FILES, _KEPT_FOR_PROBES + 1)
        )
        self._of: Tally[str] = Tally()
        self._count = 0
        self._said: dict[Reason, float] = {}
        _gauge().set(0)
        _refusals()

    @property
    def is_crowded(self) -> bool:
        """Whether so many are open that the rest is kept for probes."""
        return self._count > self._most - _KEPT_FOR_PROBES

    def open(self, address: str) -> Reason | None:
        """Count a connection; why it has to be closed at once, if it has to."""
        self._count += 1
        self._of[address] += 1
        _gauge().set(self._count)
        if self._of[address] > self._per_address and address not in self._trusted:
            return "one address"
        return "all" if self._count > self._most else None

    def close(self, address: str) -> None:
        """Count one less."""
        self._count -= 1
        self._of[address] -= 1
        if not self._of[address]:
            del self._of[address]
        _gauge().set(self._count)

    def refused(self, reason: Reason, address: str) -> None:
        """Count a connection that is closed, and say so in the log, once a minute."""
        _refusals().labels(reason).inc()
        now = time.monotonic()
        if now - self._said.get(reason, -_SAID_EVERY) >= _SAID_EVERY:
            self._said[reason] = now
            fields = {"reason": reason, "address": address, "connections": self._count}
            _log.warning("connections are refused", extra={"fields": fields})


@cache
def _gauge() -> Gauge:
    return Gauge(
        "valuebox_connections", "Connections of callers that are open.", multiprocess_mode="livesum"
    )


@cache
def _refusals() -> Counter:
    found = Counter(
        "valuebox_connections_refused", "Connections that were closed on callers.", ["reason"]
    )
    for reason in get_args(Reason):
        found.labels(reason)
    return found
