"""A container that is killed, as a whole or one worker of it, and started again."""

import os
from pathlib import Path

import psutil

from support.containers import docker
from support.killable import KillableServer
from support.services import eventually
from valuebox_cli.server import free_port


class KillableContainer(KillableServer):
    """A container of the image, on the same port of this machine after every kill.

    The engine has to run on this machine: it is from here that the processes are killed.
    """

    def __init__(self, image: str, settings: dict[str, str], folder: Path):
        """Started, and ready.

        Args:
            image: What to run.
            settings: Environment variables.
            folder: A folder that it has in common with this process, under the same name.
        """
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        variables = {**settings, "BENTOML_HOST": "127.0.0.1", "BENTOML_PORT": str(self.port)}
        self._container = docker(
            *("create", "--network", "host", "--user", f"{os.getuid()}:{os.getgid()}"),
            *("--volume", f"{folder}:{folder}"),
            *(part for name, value in variables.items() for part in ("--env", f"{name}={value}")),
            image,
        ).strip()
        self.start()

    def start(self) -> None:
        """Start, and wait until it answers."""
        docker("start", self._container)
        self._first = int(docker("inspect", "--format", "{{.State.Pid}}", self._container))
        eventually(self._is_ready, seconds=240)

    def _has_ended(self) -> bool:
        return not psutil.pid_exists(self._first)

    def processes(self) -> list[psutil.Process]:
        """All that runs of it: its first process, then the others."""
        first = psutil.Process(self._first)
        return [first, *first.children(recursive=True)]

    def kill(self) -> None:
        """All of it at once: the others end with the first process of a container."""
        group = self.processes()
        group[0].kill()
        docker("wait", self._container)
        _, alive = psutil.wait_procs(group, timeout=10)
        assert not alive, "it survived"

    def end(self) -> None:
        """Kill it for good."""
        docker("rm", "--force", "--volumes", self._container)
