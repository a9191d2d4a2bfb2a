"""The image and the stack of docker-compose.yml, on whatever container engine answers.

`IMAGE_OPTIONS` goes to the build and `COMPOSE_FILE` to Compose, as both do by hand: an engine
that needs other networks than usual gets them there.
"""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import yaml

from support.services import ROOT, eventually
from valuebox_cli.server import free_port

IMAGE = "valuebox:test"
START_SECONDS = 120


def docker(*arguments: object, fails: bool = False) -> str:
    """What Docker says.

    Args:
        arguments: Of the command.
        fails: Whether it has to fail, rather than to go well.
    """
    return _run(["docker", *map(str, arguments)], fails=fails)


@cache
def _compose() -> list[str]:
    plugin = subprocess.run(["docker", "compose", "version"], capture_output=True)
    return ["docker", "compose"] if plugin.returncode == 0 else ["docker-compose"]


def _run(command: list[str], environment: dict[str, str] | None = None, fails: bool = False) -> str:
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (done.returncode != 0) == fails, done.stdout + done.stderr
    return done.stdout


def build_image(model: str) -> None:
    """`make image` with a model of the store that this process uses."""
    subprocess.run(
        ["make", "image", f"IMAGE={IMAGE}", f"VALUEBOX_MODEL={model}"],
        cwd=ROOT,
        check=True,
        timeout=900,
    )


@dataclass(frozen=True)
class Container:
    """One that was started, running or not."""

    name: str

    def state(self) -> dict[str, Any]:
        """What the engine knows of it."""
        state: dict[str, Any] = json.loads(docker("inspect", self.name))[0]
        return state

    def log(self) -> str:
        """All that it has written."""
        done = subprocess.run(["docker", "logs", self.name], capture_output=True, text=True)
        return done.stdout + done.stderr

    def lines(self) -> list[dict[str, Any]]:
        """All that it has written, which has to be lines of the log."""
        return [json.loads(line) for line in self.log().splitlines()]

    def errors(self) -> list[str]:
        """What of it says that something went wrong."""
        return [one["message"] for one in self.lines() if one["level"] in ("error", "critical")]

    def await_health(self) -> None:
        """Wait until its own health check says that it is ready."""

        def is_healthy() -> bool:
            state = self.state()["State"]
            assert state["Running"], self.log()
            return bool(state["Health"]["Status"] == "healthy")

        eventually(is_healthy, START_SECONDS)

    def python(self, code: str) -> str:
        """What Python prints in there."""
        return docker("exec", self.name, "python3", "-c", code).strip()

    def predict(self, user: dict[str, Any]) -> dict[str, Any]:
        """The prediction of a user, asked for in there: the network around it does not matter."""
        answer: list[dict[str, Any]] = json.loads(
            self.python(
                "import os, urllib.request as r; "
                "url = 'http://127.0.0.1:' + os.environ['BENTOML_PORT'] + '/v1/ltv/predict'; "
                f"body = {json.dumps([user])!r}.encode(); "
                "asked = r.Request(url, body, {'Content-Type': 'application/json'}); "
                "print(r.urlopen(asked).read().decode())"
            )
        )
        return answer[0]


@contextmanager
def container(*options: str) -> Iterator[Container]:
    """A service on an SQLite file, out of reach, started with options of `docker run`."""
    started = Container(f"valuebox-{uuid4().hex}")
    always = ("--detach", "--name", started.name, "--network", "none")
    docker("run", *always, *options, IMAGE)
    try:
        yield started
        started.lines()
    finally:
        docker("rm", "--force", "--volumes", started.name)


@dataclass
class Stack:
    """What docker-compose.yml starts, under a name and on a port of its own."""

    project: str = field(default_factory=lambda: f"valuebox-{uuid4().hex[:8]}")
    port: int = field(default_factory=free_port)

    @property
    def url(self) -> str:
        """Of the service."""
        return f"http://127.0.0.1:{self.port}"

    def compose(self, *arguments: str) -> str:
        """Have Compose do something with it."""
        return _run([*_compose(), *arguments], self.environment())

    def environment(self) -> dict[str, str]:
        """That makes it this stack."""
        return {
            "COMPOSE_PROJECT_NAME": self.project,
            "IMAGE": IMAGE,
            "VALUEBOX_PORT": str(self.port),
        }

    def up(self) -> float:
        """Start it, wait until it is ready, and return the seconds that took."""
        began = time.monotonic()
        self.compose("up", "--detach")
        self.container("valuebox").await_health()
        return time.monotonic() - began

    def container(self, service: str, *options: str) -> Container:
        """The one of a service."""
        return Container(self.compose(*options, "ps", "--quiet", service).split()[0])

    @contextmanager
    def replicas(self, count: int, folder: Path, **environment: str) -> Iterator[list[Container]]:
        """More services like the one that it has, on its network, started at the same moment.

        Args:
            count: How many.
            folder: Where their Compose file goes.
            environment: Their settings, on top of those of the other.
        """
        config = yaml.safe_load(self.compose("config"))
        service = config["services"]["valuebox"]
        for of_the_other in ("depends_on", "ports"):
            service.pop(of_the_other, None)
        names = [f"replica-{number}" for number in range(count)]
        config["services"] = {
            name: {
                **service,
                "environment": {
                    **service["environment"],
                    **environment,
                    "BENTOML_PORT": str(free_port()),
                },
            }
            for name in names
        }
        file = folder / "replicas.yml"
        file.write_text(yaml.safe_dump(config))
        try:
            self.compose("--file", str(file), "up", "--detach")
            yield [self.container(name, "--file", str(file)) for name in names]
        finally:
            self.compose("--file", str(file), "rm", "--stop", "--force")
