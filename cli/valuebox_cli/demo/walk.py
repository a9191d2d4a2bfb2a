"""What a compartment is given to show itself: a database, a service, and the commands."""

import os
import signal
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from valuebox import Client
from valuebox_cli.server import START_SECONDS, becomes_ready
from valuebox_cli.terminal.console import Unreachable, out

_VALUEBOX: Final = str(Path(sys.executable).with_name("valuebox"))
_STOP_SECONDS: Final = 10


class Shown(NamedTuple):
    """What a compartment has shown, as a line of the last table."""

    figure: str
    """The figure that answers its question."""
    baseline: str
    """What that figure is without the compartment."""
    verdict: str
    """What that proves."""


Demonstration = Generator[None, None, Shown]
"""What prepares all that a service needs to begin, yields, and goes on when the service answers."""


class Walk:
    """Runs commands as somebody would type them, one after the other.

    Args:
        data: Folder with the data that come with valuebox.
        folder: Folder that is thrown away afterwards.
        settings: Environment variables of the commands, and of the service.
        start: What starts a process.
    """

    def __init__(
        self,
        data: Path,
        folder: Path,
        settings: dict[str, str],
        start: type[subprocess.Popen[str]] = subprocess.Popen,
    ):
        self.data, self.folder, self.settings = data, folder, settings
        self._start = start

    def valuebox(self, *arguments: object, codes: tuple[int, ...] = (0,)) -> str:
        """Run `valuebox` and return what it printed.

        Args:
            arguments: As they are typed.
            codes: Exit codes that are no failure.

        Raises:
            Unreachable: with what the command complained of.
        """
        typed = [str(one) for one in arguments]
        with self._started(typed) as running:
            printed, complaint = running.communicate()
        if running.returncode not in codes:
            raise Unreachable(f"`valuebox {typed[0]}` failed:", *complaint.splitlines()[-10:])
        return printed

    @contextmanager
    def client(self, told: str) -> Iterator[Client]:
        """A client of the service, for what programs tell or ask it.

        Args:
            told: What that is, as the line that is printed.
        """
        out.print(f"> {told}", style="dim", soft_wrap=True)
        with Client(self.settings["VALUEBOX_URL"]) as client:
            yield client

    @contextmanager
    def beside(self, url: str, *arguments: object) -> Iterator[None]:
        """Run `valuebox` for as long as the block takes, and end it as Ctrl-C does.

        Args:
            url: What it answers at; the block begins once it does.
            arguments: As they are typed.

        Raises:
            Unreachable: when it does not answer.
        """
        with self._started([str(one) for one in arguments], ending=" &") as running:
            try:
                if not becomes_ready(running, url, START_SECONDS):
                    raise Unreachable(f"nothing answers at {url}")
                yield
            finally:
                running.send_signal(signal.SIGINT)
                try:
                    running.communicate(timeout=_STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    running.kill()

    def _started(self, typed: list[str], ending: str = "") -> subprocess.Popen[str]:
        short = " ".join(typed).replace(f"{self.folder}{os.sep}", "")
        out.print(f"$ valuebox {short}{ending}", style="dim", soft_wrap=True)
        return self._start(
            [_VALUEBOX, *typed],
            env={**os.environ, **self.settings},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
