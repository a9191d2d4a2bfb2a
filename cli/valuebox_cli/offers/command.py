"""`valuebox offers`."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from valuebox_cli.response.asking import moment_of
from valuebox_cli.terminal.console import err, exit_codes, out
from valuebox_cli.terminal.options import DatabaseUrl, migrated_store

app = typer.Typer(
    help="Learn which offer to show to whom, from every answer.", no_args_is_help=True
)


@app.command()
def learn(
    at: Annotated[
        str | None,
        typer.Option(
            "--at",
            help="Learn from what is stored by now and happened before this moment.",
            show_default="now",
        ),
    ] = None,
    name: Annotated[str, typer.Option(help="Name of the model in the model store.")] = "offers",
    database_url: DatabaseUrl = None,
) -> None:
    """Learn from all decisions and what came of them, and have the new model decide."""
    from valuebox_cli.offers.learning import learn_and_promote

    with exit_codes(), migrated_store(database_url) as store:
        with err.status("learning …"):
            learned = learn_and_promote(store, moment_of(at) or datetime.now(UTC), name)
        out.print(learned, soft_wrap=True, markup=False)


@app.command()
def rollback(database_url: DatabaseUrl = None) -> None:
    """Have the model decide again that did before; no service needs to restart."""
    from valuebox.compartments.offers.promoting import roll_back

    with exit_codes(), migrated_store(database_url) as store:
        with store.writing() as session:
            now, before = roll_back(session)
        out.print(f"{now} decides again, in place of {before}", soft_wrap=True, markup=False)
