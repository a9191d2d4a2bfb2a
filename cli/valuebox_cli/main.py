"""The command `valuebox`."""

import os
from typing import Annotated

import typer

from valuebox_cli.terminal.commands import LazyGroup

# BentoML reads this when it is imported, which the commands do.
os.environ.setdefault("BENTOML_DO_NOT_TRACK", "True")
# Likewise the libraries that learn: their threads spin while they wait for each other, which takes
# three times as long where another process wants the same core, as in a container.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

app = typer.Typer(cls=LazyGroup, rich_markup_mode="markdown", pretty_exceptions_show_locals=False)


def _print_version(asked: bool) -> None:
    if asked:
        from valuebox import __version__

        typer.echo(f"valuebox {__version__}")
        raise typer.Exit


@app.callback(no_args_is_help=True)
def valuebox(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and stop."
        ),
    ] = False,
) -> None:
    """Learn, serve and check customer-value models.

    A first round: `valuebox train`, then `bentoml serve` in another terminal, then
    `valuebox evaluate data/valid.csv`; or all of it at once with `valuebox demo`.

    Exit codes: 0 done, 1 the service or the database failed or `monitor` found something, 2 the
    input is wrong, 3 `monitor` found nothing, but does not know of every figure, 4 a pipeline is
    worse than the house's own.
    """
