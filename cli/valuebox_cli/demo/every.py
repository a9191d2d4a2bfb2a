"""Every compartment, one after the other, on one database and one service."""

import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from valuebox.compartments.register import compartments
from valuebox_cli.demo.walk import Demonstration, Shown, Walk
from valuebox_cli.server import free_port, serving
from valuebox_cli.terminal.console import FAILED, UNKNOWN, err, out
from valuebox_cli.terminal.tabular import print_table

_HOUR_SECONDS: Final = 3_600


@dataclass
class _Going:
    """A demonstration that has begun."""

    name: str
    question: str
    steps: Demonstration
    seconds: float = 0.0
    shown: Shown | None = None

    def go_on(self) -> None:
        """Run it up to where it waits for the service, or to its end."""
        out.print()
        out.print(f"{self.name}: {self.question}", style="bold", soft_wrap=True)
        began = time.monotonic()
        try:
            next(self.steps)
        except StopIteration as ended:
            self.shown = ended.value
        self.seconds += time.monotonic() - began


def show_every(data: Path, keep: bool) -> None:
    """Have every compartment show itself, and print what they have shown as a table.

    Args:
        data: Folder with the data that come with valuebox.
        keep: Whether the service stays up until Ctrl-C.

    Raises:
        Unreachable: when a command or the service fails.
    """
    with TemporaryDirectory(prefix="valuebox-demo-") as name, ExitStack() as running:
        folder = Path(name)
        settings = {
            "DATABASE_URL": f"sqlite:///{folder / 'valuebox.db'}",
            "BENTOML_HOME": str(folder / "models"),
            "VALUEBOX_HANDLE_FEED": f"http://127.0.0.1:{free_port()}/events",
        }
        walk = Walk(data, folder, settings)
        walk.valuebox("db", "upgrade")
        begun = [
            _Going(one.name, one.question, _demonstration(one.demo)(walk))
            for one in compartments()
            if one.demo is not None
        ]
        for one in begun:
            one.go_on()
        with err.status("starting the service …"):
            url = running.enter_context(serving(".", Path.cwd(), settings))
        out.print()
        out.print(f"serving at {url}")
        settings["VALUEBOX_URL"] = url
        for one in begun:
            one.go_on()
        out.print()
        # What it finds is no failure; the front page tells of it.
        walk.valuebox("monitor", codes=(0, FAILED, UNKNOWN))
        out.print()
        print_table(
            "What each compartment answers, and whether it is worth it",
            ["compartment", "question", "figure", "without it", "verdict", "seconds"],
            [
                (one.name, one.question, *(one.shown or ("", "", "")), f"{one.seconds:.0f}")
                for one in begun
            ],
        )
        if keep:
            out.print(f"the service stays up until Ctrl-C: {url}/dashboard")
            with suppress(KeyboardInterrupt):
                while True:
                    time.sleep(_HOUR_SECONDS)
    out.print("the service has stopped; start your own with `bentoml serve`")


def _demonstration(place: str) -> Callable[[Walk], Demonstration]:
    module, _, name = place.partition(":")
    found: Callable[[Walk], Demonstration] = getattr(import_module(module), name)
    return found
