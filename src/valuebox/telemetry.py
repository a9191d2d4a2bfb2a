"""What Prometheus reads at `/metrics`, added up over all workers of a service."""

import os
from functools import cache
from typing import Final

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.responses import Response

# Set by BentoML for its workers.
_FOLDER_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60)


class Traffic:
    """Requests by path, as they were answered; one for a process."""

    def __init__(self) -> None:
        self._answered = Counter(
            "valuebox_requests", "Requests that were answered.", ["path", "status"]
        )
        self._seconds = Histogram(
            "valuebox_request_seconds", "Time until the answer.", ["path"], buckets=_BUCKETS
        )
        self._rows = Counter("valuebox_rows", "Rows that were sent.", ["path"])

    def answered(self, path: str, status: int, seconds: float, rows: int | None) -> None:
        """Count one request; its path is one of few, since each is kept for good."""
        self._answered.labels(path, status).inc()
        self._seconds.labels(path).observe(seconds)
        if rows and status == 200:
            self._rows.labels(path).inc(rows)


@cache
def traffic() -> Traffic:
    """That of this process; made when first asked for, when BentoML has said where it adds up."""
    return Traffic()


def exposition() -> Response:
    """All that has been counted, by all workers, in Prometheus's own text format."""
    registry = REGISTRY
    if _FOLDER_VARIABLE in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
