"""Dask clusters of this machine, whose workers are asked over sockets wherever they run."""

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from distributed import LocalCluster


@contextmanager
def local_cluster(processes: bool = False, workers: int = 2) -> "Iterator[LocalCluster]":
    """A cluster of threads of this process, or of processes, each of which takes long to begin."""
    # Every process that collects such a test would import it, and few run it.
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=processes,
        protocol="tcp",
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
    ) as cluster:
        yield cluster
