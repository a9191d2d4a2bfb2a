"""Attack the service from one address, and see how long everybody else waits.

    make starve

Every attack of `starvation_attacks.py` by itself, then all of them at once for two minutes, on
one worker that may have 1,024 descriptors. Meanwhile somebody at another address predicts single
users, over connections that are kept and over new ones, and probes ask. Ends with exit code 1
when the 99th percentile of a request is 4 times that of quiet times or more, when somebody is
refused, when a probe fails, or when the log has more lines than it should.
"""

import http.client
import json
import math
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Annotated, Final

import typer
from benchmarks.measured_service import database_version, settings_with_model
from benchmarks.reliability.starvation_attacks import ADDRESS, ALL, ATTACKS
from benchmarks.report import measured_with, put_section, table
from support.commands import only_line, valuebox
from support.databases import Postgres
from support.killable import KillableServer
from support.users import user

from valuebox.store.engine import Store, make_engine

MOST: Final = 4.0
DESCRIPTORS: Final = 1_024
ELSEWHERE: Final = ("127.0.0.2", 0)
EVERY_SECONDS: Final = 0.03
PROBE_EVERY_SECONDS: Final = 0.5
LINES: Final = 30
LINES_A_MINUTE: Final = 260
"""Of the log that an attack may take: 20 for each of 13 reasons to refuse an address."""
NOBODY: Final = "nobody"
HEADING: Final = "### Starvation"


@dataclass
class Watch:
    """What somebody at another address sees of the service."""

    port: int
    key: str
    source: tuple[str, int] = ELSEWHERE
    seconds: list[float] = field(default_factory=list)
    """Of requests that were answered well."""
    refused: int = 0
    """Requests without a good answer."""
    probes: list[float] = field(default_factory=list)
    """Of probes that were answered well, in seconds."""
    failed: int = 0
    """Probes without a good answer."""

    def go_on(self, seconds: float) -> "Watch":
        """Ask for so long, and tell what was seen."""
        until = time.monotonic() + seconds
        probing = threading.Thread(target=self._probe, args=(until,))
        probing.start()
        kept = self._connect()
        for number in count(1):
            if time.monotonic() >= until:
                break
            # One in two over a new connection, as callers without a pool do.
            connection = kept if number % 2 else self._connect()
            began = time.perf_counter()
            if self._is_answered(connection, "POST", "/v1/ltv/predict", [user(number)]):
                self.seconds.append(time.perf_counter() - began)
            else:
                self.refused += 1
                connection.close()
            if connection is not kept:
                connection.close()
            time.sleep(EVERY_SECONDS)
        kept.close()
        probing.join()
        return self

    @property
    def p99(self) -> float:
        """The 99th percentile of requests, in seconds."""
        return quantiles(self.seconds, n=100)[98] if len(self.seconds) > 1 else math.inf

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=30, source_address=self.source
        )

    def _probe(self, until: float) -> None:
        for number in count():
            if time.monotonic() >= until:
                return
            connection, began = self._connect(), time.perf_counter()
            if self._is_answered(connection, "GET", ("/livez", "/readyz")[number % 2], None):
                self.probes.append(time.perf_counter() - began)
            else:
                self.failed += 1
            connection.close()
            time.sleep(PROBE_EVERY_SECONDS)

    def _is_answered(
        self, connection: http.client.HTTPConnection, method: str, path: str, body: object
    ) -> bool:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            return False
        return answer.status == 200


@dataclass(frozen=True)
class Attacked:
    """A service, whoever attacks it, and whoever else is there."""

    server: KillableServer
    log: Path
    attackers: list[str]
    """API keys of the attacker."""
    key: str
    """Of somebody else."""

    def watch(self, name: str, seconds: float) -> Watch:
        """What somebody sees while an attack goes on."""
        watch = Watch(self.server.port, self.key)
        if name == NOBODY:
            return watch.go_on(seconds)
        here = Path(__file__).with_name("starvation_attacks.py")
        command = [sys.executable, str(here), name, str(self.server.port), str(seconds + 3)]
        attacking = subprocess.Popen([*command, *self.attackers])
        try:
            # Until its connections are there.
            time.sleep(2)
            return watch.go_on(seconds)
        finally:
            attacking.kill()
            attacking.wait()

    def lines(self) -> int:
        """Lines of the log that tell neither a request of the watch nor one answered well."""
        lines = self.log.read_text().splitlines()
        told = ('"client": "127.0.0.2"', '"status": 200')
        return sum(not any(one in line for one in told) for line in lines)


def main(
    seconds: Annotated[float, typer.Option(min=1, help="Of each attack by itself.")] = 15.0,
    together: Annotated[float, typer.Option(min=1, help="Of all at once.")] = 120.0,
    only: Annotated[list[str] | None, typer.Option(help="Attacks; by default all.")] = None,
    into: Annotated[Path | None, typer.Option(help="Markdown file for the table.")] = None,
) -> None:
    """Run, print the table, judge."""
    with TemporaryDirectory(prefix="valuebox-starvation-") as name:
        postgres = Postgres()
        try:
            report, wrong = _run(postgres, Path(name), seconds, together, only or [*ATTACKS, ALL])
        finally:
            postgres.remove()
    typer.echo(f"\n{report}")
    if into:
        put_section(into, HEADING, report)
    for problem in wrong:
        typer.echo(problem, err=True)
    if wrong:
        raise typer.Exit(1)


def _run(
    postgres: Postgres, folder: Path, seconds: float, together: float, names: list[str]
) -> tuple[str, list[str]]:
    url = postgres.new_database()
    settings = {**settings_with_model(folder), "DATABASE_URL": url, "VALUEBOX_ACCESS": "keys"}
    settings["VALUEBOX_WORKERS"] = "1"
    valuebox("db", "upgrade", "--database-url", url)
    *attackers, key = (_new_key(url, f"number {one}") for one in range(5))
    log = folder / "serve.log"
    server = KillableServer(settings, log, DESCRIPTORS)
    try:
        attacked = Attacked(server, log, attackers, key)
        attacked.watch(NOBODY, 3)
        quiet = attacked.watch(NOBODY, max(seconds, 15))
        rows, wrong = [_row(NOBODY, quiet, quiet, 0)], []
        for name in names:
            before = attacked.lines()
            seen = attacked.watch(name, together if name == ALL else seconds)
            lines = attacked.lines() - before
            rows.append(_row(name, seen, quiet, lines))
            typer.echo(" | ".join(map(str, rows[-1])))
            wrong += _problems(name, seen, quiet)
            lasted = together if name == ALL else seconds
            if lines > LINES + LINES_A_MINUTE * lasted / 60:
                wrong.append(f"{name}: {lines} lines of the log")
    finally:
        server.end()
    store = Store(make_engine(url))
    lines_with = f"{measured_with(database_version(store))}\n"
    store.close()
    lines_with += f"1 worker with {DESCRIPTORS:,} descriptors; attackers at {ADDRESS[0]}, "
    lines_with += f"others at {ELSEWHERE[0]}."
    header = ["attack", "connections", "p50, ms", "p99, ms", "÷ quiet", "refused", "probes failed"]
    header += ["slowest probe, ms", "lines of log"]
    return f"{lines_with}\n\n{table(header, rows)}", wrong


def _new_key(url: str, name: str) -> str:
    made, _ = valuebox("keys", "create", name, "--scope", "predict", "--database-url", url)
    return only_line(made)


def _row(name: str, seen: Watch, quiet: Watch, lines: int) -> list[object]:
    attacks = {ALL: list(ATTACKS.values()), NOBODY: []}.get(name)
    attacks = [ATTACKS[name]] if attacks is None else attacks
    connections = sum(one.connections for one in attacks)
    p50 = f"{1e3 * median(seen.seconds or [math.inf]):.0f}"
    figures = [p50, f"{1e3 * seen.p99:.0f}", f"{seen.p99 / quiet.p99:.1f}"]
    probe = f"{1e3 * max(seen.probes, default=math.inf):.0f}"
    return [name, connections, *figures, seen.refused, seen.failed, probe, lines]


def _problems(name: str, seen: Watch, quiet: Watch) -> list[str]:
    found = []
    if seen.p99 >= MOST * quiet.p99:
        found.append(f"{name}: requests take {seen.p99 / quiet.p99:.1f} times as long")
    if seen.refused:
        found.append(f"{name}: {seen.refused} requests of somebody else were refused")
    if seen.failed:
        found.append(f"{name}: {seen.failed} probes failed")
    return found


if __name__ == "__main__":
    typer.run(main)
