"""What Prometheus reads at `/metrics`, added up over all workers of a service.

Counts are kept in files that the workers share, so that those of a worker which has died still
count. Every label has few values, all of them ours: each is kept for as long as the service runs.
"""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final, get_args

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Metric,
    generate_latest,
    values,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector
from starlette.responses import Response

from valuebox.serving.errors import ErrorCode
from valuebox.serving.exchange import Exchange
from valuebox.worker.shared_folder import shared_folder

# Set by BentoML for its workers, to a folder that all services below the same BENTOML_HOME have.
_FOLDER_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60)
_STAGE_BUCKETS: Final = (0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1, 5, 20)

_log = logging.getLogger("valuebox")


class Traffic:
    """Requests by path, as they were answered; one for a process."""

    def __init__(self) -> None:
        errors = Counter("valuebox_errors", "Errors that were answered.", ["code"])
        requests = Counter("valuebox_requests", "Requests that were answered.", ["path", "status"])
        seconds = Histogram(
            "valuebox_request_seconds", "Time until the answer.", ["path"], buckets=_BUCKETS
        )
        stages = Histogram(
            "valuebox_stage_seconds",
            "Time that a stage of a request took.",
            ["path", "stage"],
            buckets=_STAGE_BUCKETS,
        )
        rows = Counter("valuebox_rows", "Rows of requests that went well.", ["path"])
        # Looked up for every request, and ten times slower in the client library.
        self._errors = cache(errors.labels)
        self._requests = cache(requests.labels)
        self._seconds = cache(seconds.labels)
        self._stages = cache(stages.labels)
        self._rows = cache(rows.labels)
        # What has not happened yet is 0: a rate knows nothing of what a counter begins with.
        for code in get_args(ErrorCode):
            self._errors(code)

    def answered(
        self, path: str, status: int, code: str | None, seconds: float, exchange: Exchange
    ) -> None:
        """Count one request.

        Args:
            path: One of few.
            status: As it was answered.
            code: Of the error, if it was one.
            seconds: Until the answer.
            exchange: The request; its stages and its rows are counted.
        """
        self._requests(path, status).inc()
        self._seconds(path).observe(seconds)
        if code is not None:
            self._errors(code).inc()
        # Of a request that was given up a thread may still be at work.
        for stage, spent in tuple(exchange.spent.items()):
            self._stages(path, stage).observe(spent)
        if exchange.rows and status == 200:
            self._rows(path).inc(exchange.rows)
            if not exchange.replayed:
                exchange.count()


@cache
def traffic() -> Traffic:
    """Traffic of this process; made when first asked for, once it is known where counts add up."""
    return Traffic()


def begin(workers: int) -> None:
    """In a worker, before it counts anything: keep the counts where only this service does.

    Args:
        workers: How many workers the service is to have; this worker is one of those that it has.
    """
    folder = shared_folder()
    if folder is not None and _FOLDER_VARIABLE in os.environ:
        metrics = folder / "metrics"
        metrics.mkdir(exist_ok=True)
        os.environ[_FOLDER_VARIABLE] = str(metrics)
        # The library asks the system each time, in case of a fork: a worker does not fork.
        pid = os.getpid()
        values.ValueClass = values.MultiProcessValue(lambda: pid)  # type: ignore[no-untyped-call]
        _forget_the_dead(metrics)
    traffic()
    _deaths()
    alive, wanted = _workers()
    alive.set(1)
    wanted.set(workers)


@cache
def _deaths() -> Counter:
    return Counter("valuebox_worker_deaths", "Worker processes that died and were replaced.")


@cache
def _workers() -> tuple[Gauge, Gauge]:
    return (
        Gauge("valuebox_workers", "Worker processes that are alive.", multiprocess_mode="livesum"),
        Gauge(
            "valuebox_workers_wanted",
            "Worker processes that the service was started with.",
            multiprocess_mode="livemax",
        ),
    )


def exposition(monitored: Collector, former: Mapping[str, str]) -> Response:
    """All that has been counted, by all workers, in Prometheus's own text format.

    Args:
        monitored: What it finds is told as well.
        former: By compartment, what its metrics began with in former versions; they are told
            under these names, too, so that old dashboards and alerts go on.
    """
    registry = CollectorRegistry()
    folder = os.environ.get(_FOLDER_VARIABLE)
    if folder is None:
        registry.register(REGISTRY)
    else:
        _forget_the_dead(Path(folder))
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    registry.register(monitored)
    told = CollectorRegistry()
    told.register(_WithFormer(registry, former))
    return Response(generate_latest(told), media_type=CONTENT_TYPE_LATEST)


class _WithFormer(Collector):
    """Metrics, and those with a label `compartment` once more under their former names."""

    def __init__(self, registry: CollectorRegistry, former: Mapping[str, str]):
        self._registry = registry
        self._former = former

    def collect(self) -> Iterator[Metric]:
        """What Prometheus asks for."""
        for metric in self._registry.collect():
            yield metric
            for compartment, begin in self._former.items():
                samples = [
                    sample._replace(
                        name=_renamed(sample.name, begin),
                        labels={
                            key: one for key, one in sample.labels.items() if key != "compartment"
                        },
                    )
                    for sample in metric.samples
                    if sample.labels.get("compartment") == compartment
                ]
                if samples:
                    former = Metric(_renamed(metric.name, begin), metric.documentation, metric.type)
                    former.samples = samples
                    yield former


def _renamed(name: str, begin: str) -> str:
    return begin + name.removeprefix("valuebox_")


def end() -> None:
    """In a worker that was told to stop: what it has at the moment is nothing from now on."""
    if _FOLDER_VARIABLE in os.environ and shared_folder() is not None:
        mark_process_dead(os.getpid())  # type: ignore[no-untyped-call]


def _forget_the_dead(folder: Path) -> None:
    """What workers have at the moment is nothing once they have died; counts stay.

    The log tells of each, once: whoever scrapes first says it, or else its successor.
    """
    for file in folder.glob("gauge_livesum_*.db"):
        pid = int(file.stem.rpartition("_")[2])
        try:
            os.getpgid(pid)
        except ProcessLookupError:
            # Another worker may be answering the same question.
            with suppress(FileNotFoundError):
                file.unlink()
                _deaths().inc()
                _log.warning(
                    "the worker with process id %d has died; another is started in its place", pid
                )
                mark_process_dead(pid)  # type: ignore[no-untyped-call]
