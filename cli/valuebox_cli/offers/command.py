"""`valuebox offers`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from valuebox_cli.response.asking import moment_of
from valuebox_cli.terminal.console import (
    UNKNOWN,
    check_writable,
    err,
    exit_codes,
    out,
    write_text,
)
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


@app.command()
def evaluate(
    log: Annotated[
        Path,
        typer.Option(
            "--log", help="Decisions of others: CSV, which may be compressed, Parquet, or a folder."
        ),
    ],
    policy: Annotated[
        list[str] | None,
        typer.Option(
            "--policy",
            help="random, best-fixed, or module:function, a Python function; several times for "
            "several.",
            show_default="random and best-fixed",
        ),
    ] = None,
    action: Annotated[str, typer.Option(help="Column with what was chosen.")] = "action",
    propensity: Annotated[
        str, typer.Option(help="Column with how likely that choice was.")
    ] = "propensity",
    reward: Annotated[str, typer.Option(help="Column with what came of it.")] = "reward",
    cluster: Annotated[
        str | None,
        typer.Option(
            help="Column that says whose a decision is: those of one are not independent.",
            show_default="cluster or customer, where there is one",
        ),
    ] = None,
    context: Annotated[
        list[str] | None,
        typer.Option(
            help="Column with what was known; several times for several.",
            show_default="all other columns",
        ),
    ] = None,
    cap: Annotated[
        float | None,
        typer.Option(min=0, help="What a reward counts at most.", show_default="as it is"),
    ] = None,
    json: Annotated[
        Path | None, typer.Option("--json", help="JSON file to write, with everything.")
    ] = None,
) -> None:
    """Say what other policies would have earned, by a log of decisions with their propensities.

    Exits with 3 where the log can tell of none of them.
    """
    from valuebox.compartments.offers.evaluation.fixed import evaluate_fixed
    from valuebox.compartments.offers.evaluation.policies import BEST_FIXED, RANDOM
    from valuebox_cli.offers.evaluating import nothing_known, tell
    from valuebox_cli.offers.functions import functions_of
    from valuebox_cli.offers.logs import Columns, read_log

    with exit_codes():
        check_writable(json)
        columns = Columns(action, propensity, reward, cluster, context)
        with err.status("evaluating …"):
            asked = functions_of(policy or [RANDOM, BEST_FIXED])
            found = evaluate_fixed(read_log(log, columns), asked, cap)
        tell(found)
        if json is not None:
            write_text(json, found.model_dump_json(indent=2) + "\n")
        if nothing_known(found):
            raise typer.Exit(UNKNOWN)
