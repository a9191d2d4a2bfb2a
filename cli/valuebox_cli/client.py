"""The service as commands call it, with what is to be done at a terminal when that fails."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from valuebox.client.errors import ServiceError
from valuebox.client.link import API_KEY_VARIABLE
from valuebox.client.link import DEFAULT_URL as DEFAULT_URL
from valuebox.client.sync import Client
from valuebox_cli.terminal.console import Unreachable

RETRY_SECONDS: Final = 30


@contextmanager
def connected(url: str) -> Iterator[Client]:
    """A client of a running service, until the block ends.

    Nobody at a terminal waits for a service that was never there, and everybody for a limit.

    Raises:
        Unreachable: when the service cannot be reached, answers an error, or is no valuebox.
    """
    try:
        with Client(
            url, retry_seconds=RETRY_SECONDS, limit_seconds=math.inf, wait_for_start=False
        ) as client:
            yield client
    except ServiceError as error:
        raise Unreachable(advised(error)) from None


def advised(error: ServiceError) -> str:
    """What went wrong, and what may help."""
    if error.code == "unreachable":
        return f"{error}; start one with `bentoml serve`, or name another with --url"
    if error.code == "unauthenticated":
        return f"{error} The command line takes it from {API_KEY_VARIABLE}."
    return str(error)
