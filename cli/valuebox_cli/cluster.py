"""A Dask cluster that shares the work of a command, where `--dask ADDRESS` names its scheduler."""

from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from platform import python_version_tuple
from typing import TYPE_CHECKING, Annotated, Final

import typer

from valuebox.errors import ValueboxError
from valuebox_cli.terminal.console import Unreachable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from distributed import Client

_WAIT: Final = 10
# What a result depends on, to its last digit; and what has to be alike to be sent at all.
_ALIKE: Final = (
    *("valuebox", "xgboost", "xgboost-cpu", "numpy", "scipy", "scikit-learn", "pandas"),
    *("pyarrow", "distributed"),
)

Dask = Annotated[
    str | None,
    typer.Option(
        "--dask",
        metavar="ADDRESS",
        help="Scheduler of a Dask cluster that does the work, such as tcp://host:8786.",
    ),
]
"""The option of a command that says where a cluster is; see `cluster`."""


@contextmanager
def cluster(address: str | None) -> "Iterator[Client | None]":
    """Connected to a cluster, or None where no address is given.

    Raises:
        ValueboxError: when Dask is not installed, or the workers have another version of this.
        Unreachable: when the cluster does not answer, or fails in between.
    """
    if address is None:
        yield None
        return
    try:
        from distributed import Client, KilledWorker
    except ImportError:
        raise ValueboxError(
            "--dask needs Dask here and on the workers: pip install '.[dask]' in a clone of "
            "valuebox, or pip install 'WHEEL[dask]' with its wheel"
        ) from None
    try:
        client = Client(address, timeout=_WAIT)
    except (OSError, ValueError, TimeoutError) as error:
        raise Unreachable(f"no Dask scheduler answers at {address}: {error}") from None
    try:
        _check_workers(client)
        yield client
    except ImportError as error:
        raise ValueboxError(f"the Dask workers do not have what is needed: {error}") from None
    except (KilledWorker, CancelledError, OSError, TimeoutError) as error:
        raise Unreachable(f"the Dask cluster failed: {error}") from None
    finally:
        client.close()


def _check_workers(client: "Client") -> None:
    workers = client.run(_versions)
    if not workers:
        raise Unreachable("the Dask cluster has no workers")
    here = _versions()
    for worker, there in workers.items():
        if other := [name for name in here | there if there.get(name) != here.get(name)]:
            told = ", ".join(f"{name} {there.get(name)} and not {here.get(name)}" for name in other)
            raise ValueboxError(f"the Dask worker {worker} has {told}")


def _versions() -> dict[str, str]:
    found = {"Python": ".".join(python_version_tuple()[:2])}
    for name in _ALIKE:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found
