"""Somebody who looks at pages while parts are killed, and how long pages take when none is."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from itertools import cycle
from typing import Final

import httpx
import numpy as np
import psutil
from benchmarks.reliability.large_parts import Parts
from benchmarks.report import table
from benchmarks.speed.dashboard import FIRST, measure, touch
from support.sums import fold

from valuebox.compartments.ltv.ledger import LEDGER
from valuebox.predictions.sums.months import make_months
from valuebox.serving.errors import REQUEST_ID_HEADER

BAR_MS: Final = 300
VIEWS: Final = {
    "the front page": "/dashboard",
    "90 days": "/dashboard?compartment=ltv",
    "a year by month": "/dashboard?from=2018-09-02&to=2019-09-01",
    "two years by month": f"/dashboard?from={FIRST}&to=2019-09-01",
    "offers": "/dashboard/offers",
}
_BY_MONTH: Final = ("90 days", "a year by month", "two years by month")
_EVERY_SECONDS: Final = 0.5
_PROXYS: Final = (502, 503, 504)


class Visitor:
    """Asks for one page after the other until told to stop.

    A page is there, or says to come back; anything else ends it, and the run.
    """

    def __init__(self, url: str):
        self.pages = 0
        self.from_replica = 0
        self.refusals = Counter[str]()
        """Pages that were not there, by the code of the error."""
        self._answered: list[float] = []
        self._failure: BaseException | None = None
        self._stop = threading.Event()
        self._http = httpx.Client(base_url=url, timeout=30)
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def has_answers_since(self, moment: float) -> bool:
        """Whether a page was there after that, by `time.monotonic()`."""
        return bool(self._answered) and self._answered[-1] > moment

    def refused(self) -> int:
        """How many pages were not there until now."""
        return self.refusals.total()

    def failure(self) -> BaseException | None:
        """What has ended it before its time."""
        return self._failure

    def finish(self) -> None:
        """Look no more.

        Raises:
            httpx.HTTPStatusError: when a page was neither there nor a documented 503.
        """
        self._stop.set()
        self._thread.join()
        if self._failure:
            raise self._failure

    def _look(self) -> None:
        for path in cycle(VIEWS.values()):
            if self._stop.wait(_EVERY_SECONDS):
                return
            try:
                self._visit(path)
            except (httpx.HTTPStatusError, ValueError, KeyError) as error:
                self._failure = error
                return

    def _visit(self, path: str) -> None:
        try:
            answer = self._http.get(path)
        except httpx.HTTPError as error:
            self.refusals[type(error).__name__] += 1
            return
        if answer.status_code in _PROXYS and REQUEST_ID_HEADER not in answer.headers:
            self.refusals["of the proxy"] += 1
        elif answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            self.refusals[answer.json()["error"]["code"]] += 1
        else:
            answer.raise_for_status()
            self.pages += 1
            self.from_replica += "Read from a replica" in answer.text
            self._answered.append(time.monotonic())


def pages(parts: Parts, visits: int) -> str:
    """A table of how long pages take through the proxy, just after the sums have changed.

    At first some months have changed in the last ten minutes, and are read by their days.
    """
    rows: list[list[object]] = []
    lags = []

    def change() -> None:
        touch(parts.store)
        began = time.perf_counter()
        parts.databases.catch_up()
        lags.append(1000 * (time.perf_counter() - began))

    # Whoever adds to the sums what has just been stored keeps them to itself for seconds.
    fold(parts.store)
    with httpx.Client(base_url=parts.url, timeout=60) as http:
        for name in _BY_MONTH:
            more = f"{name}, a month of it has just changed"
            rows.append([more, *_timed(parts, http, VIEWS[name], change, visits)])
        made = make_months(parts.store, LEDGER, threading.Event(), rest=timedelta(0))
        for name, path in VIEWS.items():
            rows.append([name, *_timed(parts, http, path, change, visits)])
    header = ["page", "median", "most", "again", "the services' processor", "the databases'"]
    return (
        f"{table(header, rows)}\n\nMilliseconds of {visits} visits each, just after the sums "
        f"have changed, and again while they have not; the bar is {BAR_MS}. A month that "
        f"changes is read by its days until it has been left alone for ten minutes; here {made} "
        f"had not been. The load average was {psutil.getloadavg()[0]:.1f} on {psutil.cpu_count()} "
        f"cores. The replica had a change after {np.median(lags):.0f} ms in the middle, after "
        f"{max(lags):.0f} at most."
    )


def _timed(
    parts: Parts, http: httpx.Client, path: str, change: Callable[[], None], visits: int
) -> list[str]:
    """Median, most and again, then processor time of a visit, all in milliseconds."""
    ours, theirs = (_processor(of) for of in (parts.of_services(), _databases(parts)))
    took = measure(http, path, change, visits)
    ours = _processor(parts.of_services()) - ours
    theirs = _processor(_databases(parts)) - theirs
    again = measure(http, path, times=visits)
    looks = visits + 3
    found = (np.median(took), max(took), np.median(again), 1000 * ours / looks)
    return [f"{one:.0f}" for one in (*found, 1000 * theirs / looks)]


def _databases(parts: Parts) -> list[psutil.Process]:
    return [*parts.databases.primary.processes(), *parts.databases.replica.processes()]


def _processor(processes: list[psutil.Process]) -> float:
    # Of those that have ended their parents know.
    return sum(sum(one.cpu_times()[:4]) for one in processes)
