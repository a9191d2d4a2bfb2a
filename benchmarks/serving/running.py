"""A contender that runs, is asked, and is measured."""

import json
import math
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import httpx
import psutil
from benchmarks.serving.contenders import PEERS, ROOT, Contender
from benchmarks.serving.usage import Usage, family

from valuebox_cli.server import becomes_ready, free_port

START_SECONDS = 120
STOP_SECONDS = 20
_SAMPLE_SECONDS = 0.05
# After the last request was sent: what hangs ends the run.
_CELL_SECONDS = 300


class DidNotStart(RuntimeError):
    """A contender ended, or did not answer in time; the message holds the end of its log."""


@dataclass(frozen=True)
class Load:
    """What one measurement found."""

    latencies: list[float]
    """Seconds."""
    errors: int
    seconds: float
    warmed: list[int]
    """Requests that were answered before: of a single user, and of the size that was measured."""
    cpu_seconds: float
    """Of the contender."""
    database_cpu_seconds: float
    peak_mebibytes: float

    def rows(self, rows: int) -> int:
        """Rows that were answered in all, with so many in each measured request."""
        single, same = self.warmed
        return single + (same + len(self.latencies)) * rows


class Running:
    """One contender, started, and the folder with its bodies."""

    def __init__(
        self, contender: Contender, process: "subprocess.Popen[str]", port: int, bodies: Path
    ):
        self.contender = contender
        self._process = process
        self._port = port
        self._bodies = bodies

    def first_users(self, rows: int) -> bytes:
        """The users of the first body of that size, as rows, whatever form it takes."""
        return (self._bodies / f"rows-{rows}.jsonl").read_bytes().splitlines()[0]

    def ask(self, rows: int) -> bytes:
        """What it answers to the first body of that size."""
        path = self._path(rows)
        if not self.contender.path:
            self._order({"bodies": str(path), "number": 0})
            return _pipes(self._process)[0].readline().encode()
        answer = httpx.post(
            f"http://127.0.0.1:{self._port}{self.contender.path}",
            content=path.read_bytes().splitlines()[0],
            headers={"Content-Type": "application/json"},
            timeout=60,
        )
        if answer.status_code != 200:
            raise AssertionError(f"{self.contender.name} answers {answer.text[:500]}")
        return answer.content

    def load(
        self,
        rows: int,
        connections: int,
        seconds: float,
        database: Callable[[], list[psutil.Process]],
        most: float = math.inf,
    ) -> Load:
        """Measure requests of `rows` users on some connections.

        Args:
            rows: In each request.
            connections: At once.
            seconds: How long.
            database: The processes of the database, once it is connected to.
            most: Requests, however long that takes, with the body of `put_anew`; with HTTP.
        """
        single = self._path(1)
        bodies = self._path(rows if math.isinf(most) else f"{rows}-anew")
        if self.contender.path:
            command = [
                sys.executable,
                "-m",
                "benchmarks.serving.load",
                str(self._port),
                self.contender.path,
            ]
            command += [str(single), str(bodies), str(connections), str(seconds), str(most)]
            client = subprocess.Popen(
                command,
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        else:
            client = self._process
            self._order(
                {
                    "single": str(single),
                    "bodies": str(bodies),
                    "connections": connections,
                    "seconds": seconds,
                }
            )
        said, told = _pipes(client)
        try:
            if said.readline() != "warm\n":
                raise AssertionError(f"{self.contender.name} does not warm up")
            own, other = Usage(family(self._process.pid)), Usage(database())
            _tell(told, "go")
            _wait(said, own, seconds)
            cpu, database_cpu = own.cpu_seconds(), other.cpu_seconds()
            found = json.loads(said.readline())
        finally:
            if client is not self._process:
                client.kill()
                client.communicate()
        return Load(
            **found,
            cpu_seconds=cpu,
            database_cpu_seconds=database_cpu,
            peak_mebibytes=own.peak_mebibytes,
        )

    def _path(self, rows: int | str) -> Path:
        return self._bodies / f"{self.contender.form}-{rows}.jsonl"

    def _order(self, order: dict[str, Any]) -> None:
        _tell(_pipes(self._process)[1], json.dumps(order))


def _pipes(process: "subprocess.Popen[str]") -> tuple[IO[str], IO[str]]:
    """What a process says, and where it listens."""
    return cast("IO[str]", process.stdout), cast("IO[str]", process.stdin)


def _tell(listening: IO[str], line: str) -> None:
    listening.write(f"{line}\n")
    listening.flush()


def _wait(output: IO[str], usage: Usage, seconds: float) -> None:
    deadline = time.monotonic() + seconds + _CELL_SECONDS
    while not select.select([output], [], [], _SAMPLE_SECONDS)[0]:
        usage.sample()
        if time.monotonic() > deadline:
            raise TimeoutError("a measurement does not end")
    usage.sample()


@contextmanager
def running(contender: Contender, settings: dict[str, str], folder: Path) -> Iterator[Running]:
    """Start a contender, and end it and all its processes after the block.

    Args:
        contender: What to start.
        settings: Environment variables on top of its own.
        folder: With the bodies; its log is put there too.

    Raises:
        DidNotStart: when it does not answer.
    """
    ports = {"port": free_port(), "port1": free_port(), "port2": free_port()}
    words = {**ports, "folder": folder}
    environment = _environment(contender, settings)
    environment |= {name: value.format(**words) for name, value in contender.settings.items()}
    log = folder / "log.txt"
    with log.open("w") as output:
        process = subprocess.Popen(
            [str(contender.python), *(part.format(**words) for part in contender.command)],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if not contender.path else output,
            stderr=output,
            text=True,
            # Ctrl-C is for the benchmark, which then ends it.
            start_new_session=True,
        )
        try:
            if not _starts(contender, process, ports["port"]):
                tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
                raise DidNotStart(f"{contender.name} does not start:\n{tail}")
            yield Running(contender, process, ports["port"], folder)
        finally:
            _end(process)


def _environment(contender: Contender, settings: dict[str, str]) -> dict[str, str]:
    """As if its virtual environment were activated: MLflow starts uvicorn by name."""
    path = f"{contender.python.parent}{os.pathsep}{os.environ['PATH']}"
    imported = f"{ROOT / 'src'}{os.pathsep}{PEERS}"
    return {**os.environ, "PATH": path, "PYTHONPATH": imported, **settings}


def _starts(contender: Contender, process: "subprocess.Popen[str]", port: int) -> bool:
    if not contender.path:
        return _pipes(process)[0].readline() == "ready\n"
    url = f"http://127.0.0.1:{port}{contender.ready}"
    return becomes_ready(process, url, START_SECONDS)


def _end(process: "subprocess.Popen[str]") -> None:
    """As Ctrl-C does; whatever is left of it, wherever it went, is killed."""
    members = family(process.pid) if process.poll() is None else []
    process.terminate()
    _, alive = psutil.wait_procs(members, timeout=STOP_SECONDS)
    for member in alive:
        member.kill()
    process.communicate()


def prepare(contender: Contender, settings: dict[str, str], folder: Path) -> None:
    """Make what it needs before it is first started."""
    if contender.prepare:
        subprocess.run(
            [str(contender.python), *(part.format(folder=folder) for part in contender.prepare)],
            check=True,
            cwd=folder,
            env=_environment(contender, settings),
            capture_output=True,
        )
