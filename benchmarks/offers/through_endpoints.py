"""A made-up game played with a real service: events posted, decisions asked, learned every night.

A service of two processes is started on a database of its own, and what learns is the command.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from benchmarks.measured_service import SETTINGS, started
from support.databases import Postgres

from valuebox_cli.offers.simulating import served
from valuebox_training.offers.games.game import Game, Regret
from valuebox_training.offers.games.living import live

START: Final = datetime(2017, 8, 1, tzinfo=UTC)
_REFUSED: Final = 3
"""What the command exits with where a model was learned and does not decide."""


class Played(NamedTuple):
    """What became of a game."""

    regret: Regret
    seconds: float
    """That it took, learning included."""
    learning: list[float]
    """Seconds that each morning's learning took."""
    refused: int
    """Models that were learned and did not decide."""


def play(game: Game, seed: int, kind: str) -> Played:
    """Play a whole game.

    Args:
        game: One that begins.
        seed: Of what happens by chance.
        kind: Of the database: `sqlite` or `postgresql`.
    """
    with TemporaryDirectory() as name, _database(kind, Path(name)) as url:
        settings = {**SETTINGS, "BENTOML_HOME": f"{name}/bentoml", "DATABASE_URL": url}
        server = started(settings, Path(name) / "service.log")
        nights = _Nights(settings)
        began = time.monotonic()
        try:
            with served(server.url, nights.learn) as host:
                regret = live(game, seed, START, game.players.setting.days, host)
        finally:
            server.end()
    return Played(regret, time.monotonic() - began, nights.seconds, nights.refused)


class _Nights:
    """Learns when a day begins."""

    def __init__(self, settings: dict[str, str]):
        self._environment = {**os.environ, **settings}
        self.seconds: list[float] = []
        self.refused = 0

    def learn(self, now: datetime) -> None:
        """Run the command that learns.

        Raises:
            RuntimeError: where it fails, other than by its judgement.
        """
        valuebox = str(Path(sys.executable).with_name("valuebox"))
        began = time.monotonic()
        done = subprocess.run(
            [valuebox, "offers", "learn", "--at", now.isoformat()],
            env=self._environment,
            capture_output=True,
            text=True,
        )
        self.seconds.append(time.monotonic() - began)
        self.refused += done.returncode == _REFUSED
        if done.returncode not in (0, _REFUSED):
            raise RuntimeError(done.stderr)


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'offers.db'}"
    else:
        yield Postgres().new_database()
