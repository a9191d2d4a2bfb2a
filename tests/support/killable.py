"""A server that tests kill and start again."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx

from support.services import ROOT, eventually
from valuebox_cli.server import free_port


class Server:
    """`bentoml serve` on one port, started again after every kill."""

    def __init__(self, database_url: str, model: str, log: Path):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = log.open("wb")
        self._environment = {**os.environ, "BENTOML_DO_NOT_TRACK": "True"}
        self._environment |= {"DATABASE_URL": database_url, "VALUEBOX_MODEL": model}
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "bentoml", "serve", "--host", "127.0.0.1"]
        self._process = subprocess.Popen(
            [*command, "--port", str(self.port)],
            cwd=ROOT,
            env=self._environment,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        eventually(self._is_ready, seconds=90)

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=2).is_success
        except httpx.HTTPError:
            return False

    def kill(self) -> None:
        """The whole group: orphaned workers would hold the port."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def end(self) -> None:
        self.kill()
        self._log.close()
