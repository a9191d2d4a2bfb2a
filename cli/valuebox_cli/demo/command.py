"""`valuebox demo`: a first round of lifetime values, or of every compartment."""

import os
from pathlib import Path
from typing import Annotated, Final

import typer

from valuebox.settings import Settings
from valuebox_cli.ltv.command import DATA
from valuebox_cli.ltv.first_round import first_round
from valuebox_cli.terminal.console import exit_codes

_SETTING: Final = str(Settings.model_config["env_prefix"])


def demo(
    every: Annotated[
        bool,
        typer.Option("--all", help="Show every compartment, from raw data to a judged answer."),
    ] = False,
    keep: Annotated[
        bool,
        typer.Option("--keep", help="With --all: leave the service up, until Ctrl-C."),
    ] = False,
    data: Annotated[
        Path, typer.Option(help="Folder with the data that come with valuebox.")
    ] = DATA,
) -> None:
    """Train, serve on a throw-away SQLite file, evaluate over HTTP, show the result, stop.

    Run it in the repository's root. The model stays in the model store, nothing else does; with
    `--all` nothing stays at all. What `VALUEBOX_…` variables say does not count here.
    """
    with exit_codes():
        # They are meant for a service of one's own: a model that is not here, or keys.
        for name in [one for one in os.environ if one.startswith(_SETTING)]:
            del os.environ[name]
        if every or keep:
            from valuebox_cli.demo.every import show_every

            show_every(data, keep)
        else:
            first_round(data)
