"""A real service process for as long as it is needed."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Final

import httpx

from valuebox_cli.terminal.console import Unreachable

START_SECONDS: Final = 90
STOP_SECONDS: Final = 30
_LOOK_SECONDS: Final = 0.05


def stop(process: "subprocess.Popen[bytes]") -> None:
    """End a service as Ctrl-C does; end its whole group by force where that is not enough."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def serving(
    bento: str,
    folder: Path,
    environment: dict[str, str],
    log: IO[bytes] | None = None,
    start: "type[subprocess.Popen[bytes]]" = subprocess.Popen,
    end: "Callable[[subprocess.Popen[bytes]], None]" = stop,
) -> Iterator[str]:
    """Run `bentoml serve BENTO` in `folder` on a free port of 127.0.0.1 until the block ends.

    Args:
        bento: What to serve: `.` for a source folder, or the tag of a built Bento.
        folder: Where to run; relative paths in settings are relative to it.
        environment: On top of this process's own, such as `DATABASE_URL`.
        log: An open file for what the service logs; by default one that vanishes.
        start: What starts the process.
        end: What ends it, and all that it has started.

    Yields:
        The address of the service, ready to answer.

    Raises:
        Unreachable: with the end of its log, when it does not become ready.
    """
    url = f"http://127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "bentoml", "serve", bento]
    command += ["--host", "127.0.0.1", "--port", url.rsplit(":", 1)[1]]
    with nullcontext(log) if log else TemporaryFile() as output:
        process = start(
            command,
            cwd=folder,
            env={**os.environ, "BENTOML_DO_NOT_TRACK": "True", **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
            # Its own group, so that its workers can be ended with it whatever happens.
            start_new_session=True,
        )
        try:
            if not becomes_ready(process, f"{url}/readyz", START_SECONDS):
                output.seek(0)
                tail = output.read().decode(errors="replace").strip().splitlines()[-15:]
                raise Unreachable("the service did not start:", *map(_message, tail))
            yield url
        finally:
            end(process)


def _message(line: str) -> str:
    """What a line of the log says; the line itself where it is no JSON object."""
    try:
        return str(json.loads(line)["message"])
    except (ValueError, KeyError, TypeError):
        return line


def becomes_ready(process: "subprocess.Popen[Any]", url: str, seconds: float) -> bool:
    """Whether `url` answers well before that time is over, or the process."""
    deadline = time.monotonic() + seconds
    # Asking anew each time would read certificates each time, and take from what is starting.
    with httpx.Client(timeout=2) as http:
        while time.monotonic() < deadline and process.poll() is None:
            try:
                if http.get(url).is_success:
                    return True
            except httpx.HTTPError:
                pass
            time.sleep(_LOOK_SECONDS)
    return False


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
