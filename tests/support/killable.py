"""A server that is killed, as a whole or one worker of it, and started again."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import httpx
import psutil

from support.services import ROOT, eventually, kill
from valuebox_cli.server import free_port

START_SECONDS: Final = 300
"""Long enough where much else keeps the machine busy; one that ends is not waited for."""


class KillableServer:
    """`bentoml serve` of this repository, on the same port after every kill."""

    def __init__(
        self,
        settings: dict[str, str],
        log: Path,
        descriptors: int | None = None,
        begin: type[subprocess.Popen[Any]] = subprocess.Popen,
    ):
        """Start it.

        Args:
            settings: Environment variables.
            log: A file for what it says.
            descriptors: How many files and connections the system lets each process have open.
            begin: What starts it.
        """
        self._begin = begin
        self._limited = (
            ["sh", "-c", f'ulimit -n {descriptors} && exec "$@"', "sh"] if descriptors else []
        )
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = log.open("wb")
        self._environment = {**os.environ, "BENTOML_DO_NOT_TRACK": "True", **settings}
        self.start()

    def start(self) -> None:
        """Start, and wait until it answers."""
        command = [sys.executable, "-m", "bentoml", "serve", "--host", "127.0.0.1"]
        self._process = self._begin(
            [*self._limited, *command, "--port", str(self.port)],
            cwd=ROOT,
            env=self._environment,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            # Ctrl-C is for whoever started this; it then ends the server in its own way.
            start_new_session=True,
        )
        eventually(self._is_ready, seconds=START_SECONDS)

    def _is_ready(self) -> bool:
        assert not self._has_ended(), "the server has ended"
        try:
            return httpx.get(f"{self.url}/readyz", timeout=2, verify=False).is_success
        except httpx.HTTPError:
            return False

    def _has_ended(self) -> bool:
        return self._process.poll() is not None

    def processes(self) -> list[psutil.Process]:
        """All that runs of it: the parent, then the others."""
        parent = psutil.Process(self._process.pid)
        return [parent, *parent.children(recursive=True)]

    def workers(self) -> list[psutil.Process]:
        """The processes that answer requests; one that has just died may be among them."""
        found = []
        for process in self.processes()[0].children():
            with suppress(psutil.NoSuchProcess):
                if process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def kill(self) -> None:
        """All of it at once."""
        kill(self._process)

    def end(self) -> None:
        """Kill it for good."""
        self.kill()
        self._log.close()
