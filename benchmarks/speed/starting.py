"""How long a service takes to become ready, beside an empty service of BentoML.

    PYTHONPATH=tests python -m benchmarks.speed.starting [--rounds 5] [--into docs/serving-speed.md]

Both have one worker and the same options of BentoML; ours migrates an empty SQLite file and loads a
model, which the other one does not. They are started in turns.
"""

import os
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final, NamedTuple

import psutil
import typer
from benchmarks.measured_service import settings_with_model
from benchmarks.report import measured_with, put_section, table

from valuebox_cli.server import serving

ROOT: Final = Path(__file__).parents[2]
HEADING: Final = "## Start"
_SAYS: Final = (
    "`PYTHONPATH=tests python -m benchmarks.speed.starting --into docs/serving-speed.md` starts "
    "both in turns, with one worker each, and takes medians. Ours migrates an empty SQLite file "
    "and loads a model meanwhile. Where Python finds no compiled modules and may keep none "
    "(`PYTHONDONTWRITEBYTECODE`, a package manager that does not compile), it compiles them at "
    "every start, which takes about three times as long: `make install` compiles ours, and so does "
    "the image."
)
_EMPTY: Final = """
import bentoml

@bentoml.service(
    name="empty",
    workers=1,
    threads=8,
    traffic={"timeout": 60},
    metrics={"enabled": False},
    http={"host": "127.0.0.1", "port": 3000},
    logging={"access": {"enabled": False}},
)
class Empty:
    @bentoml.api
    def same(self, number: int = 1) -> int:
        return number
"""


class Start(NamedTuple):
    """A start of a service."""

    seconds: float
    """Seconds from the command to the first answer that says it is ready."""
    cpu_seconds: float
    """Processor time of all its processes until then."""


def start(folder: Path, settings: dict[str, str]) -> Start:
    """Serve what is in a folder, and stop as soon as it is ready."""
    began = time.perf_counter()
    with TemporaryDirectory() as elsewhere:
        database = {"DATABASE_URL": f"sqlite:///{elsewhere}/valuebox.db"}
        with serving(".", folder, settings | database):
            seconds = time.perf_counter() - began
            times = [one.cpu_times() for one in psutil.Process().children(recursive=True)]
            return Start(seconds, sum(one.user + one.system for one in times))


def measure(rounds: int) -> str:
    """A table of both services, by the median of so many starts."""
    with TemporaryDirectory() as folder:
        empty = Path(folder, "empty")
        empty.mkdir()
        (empty / "service.py").write_text(_EMPTY)
        settings = settings_with_model(Path(folder)) | {"VALUEBOX_WORKERS": "1"}
        services = {"valuebox": ROOT, "an empty service of BentoML": empty}
        starts: dict[str, list[Start]] = {name: [] for name in services}
        for _ in range(rounds):
            for name, where in services.items():
                starts[name].append(start(where, settings))
    rows: list[list[object]] = []
    for name, found in starts.items():
        middle = [statistics.median(values) for values in zip(*found, strict=True)]
        rows.append([name, *(f"{value:.1f}" for value in middle)])
    return table(["from the command to ready", "seconds", "CPU seconds"], rows)


def main(
    rounds: Annotated[int, typer.Option(help="Starts of each service.")] = 5,
    into: Annotated[Path | None, typer.Option(help="Markdown file to put the table into.")] = None,
) -> None:
    """Print the table, and put it into a file."""
    found = measure(rounds)
    load = f"{os.getloadavg()[0]:.0f} processes that wanted a core meanwhile"
    text = f"{_SAYS}\n\n{found}\n\n{measured_with(load)}"
    print(text)
    if into is not None:
        put_section(into, HEADING, text)


if __name__ == "__main__":
    typer.run(main)
