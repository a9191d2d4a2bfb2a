"""What a running service takes of the machine, and whether an attack changed it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import httpx
import psutil

from support.services import Service, eventually

# More than any body within the limit takes while it is parsed, far less than a bomb unpacked.
GROWTH_MB = 128
_AT_ONCE = 16


@cache
def processes(url: str) -> list[psutil.Process]:
    """The process that was started for this address, and its workers."""
    # The first of their kind open the files that count requests, and those that come at once the
    # connections to the database that a pool keeps.
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        for body in ({}, []) * _AT_ONCE:
            threads.submit(httpx.post, f"{url}/v1/ltv/predictions/search", json=body)
    port = int(url.rsplit(":", 1)[1])
    for process in psutil.Process().children():
        if port in {one.laddr.port for one in process.net_connections() if not one.raddr}:
            return [process, *process.children(recursive=True)]
    raise LookupError(f"nobody serves at {url}")


def descriptors(service: Service) -> int:
    """How many files and connections are open."""
    return sum(process.num_fds() for process in processes(service.url))


def _resident_mb(service: Service) -> float:
    return sum(process.memory_info().rss for process in processes(service.url)) / 1e6


def _peak_mb(service: Service) -> float:
    peak_kb = 0
    for process in processes(service.url):
        status = Path(f"/proc/{process.pid}/status").read_text()
        peak_kb += int(status.split("VmHWM:")[1].split()[0])
    return peak_kb * 1024 / 1e6


def _reset_peak(service: Service) -> None:
    for process in processes(service.url):
        Path(f"/proc/{process.pid}/clear_refs").write_text("5")


@contextmanager
def unharmed(service: Service, stored: int = 0) -> Iterator[None]:
    """The service lives, and neither holds nor stores more than before.

    Args:
        service: What is attacked in the block.
        stored: Users that are good input after all.
    """
    processes(service.url)
    service.http.get("/livez")
    rows, open_before, resident = service.count_rows(), descriptors(service), _resident_mb(service)
    _reset_peak(service)
    yield
    assert service.http.get("/livez").status_code == 200
    eventually(lambda: descriptors(service) <= open_before)
    assert _peak_mb(service) - resident < GROWTH_MB
    for table in ("ltv_features", "ltv_predictions"):
        rows[table] += stored
    assert service.count_rows() == rows
