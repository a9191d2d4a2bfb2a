"""`valuebox recommend`."""

from pathlib import Path
from typing import Annotated

import typer

from valuebox_cli.cluster import Dask, cluster
from valuebox_cli.recommend.experimenting import app as experiments
from valuebox_cli.recommend.experimenting import report
from valuebox_cli.recommend.looking import evaluate, try_out, tune
from valuebox_cli.recommend.planning import plan
from valuebox_cli.recommend.simulating import simulate
from valuebox_cli.terminal.console import check_writable, err, exit_codes, out
from valuebox_cli.terminal.options import DatabaseUrl, migrated_store

app = typer.Typer(
    help="Recommend what anonymous visitors of a shop should see next.", no_args_is_help=True
)
app.command()(plan)
app.command()(report)
app.command()(simulate)
app.command()(tune)
app.command()(evaluate)
app.command("try")(try_out)
app.add_typer(experiments, name="experiment")
Shop = Annotated[str, typer.Option("--source", help="The shop, as the source of its events.")]
Tag = Annotated[
    str,
    typer.Option(
        "--model", help="Model with what was learned of the shop, or `-` for the usual settings."
    ),
]


@app.command()
def train(
    source: Shop,
    name: Annotated[str, typer.Option(help="Name of the model in the model store.")] = "recommend",
    dask: Dask = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Learn of a shop's sessions how to find and rank items, and save what proves to be better.

    What the newest model has learned of other shops stays in the new one.
    """
    from valuebox_cli.recommend.learning import learn

    with exit_codes(), migrated_store(database_url) as store:
        with cluster(dask) as client, err.status("learning …"):
            said = learn(store, source, name, client)
        for line in said:
            out.print(line, soft_wrap=True, markup=False, highlight=False)


@app.command()
def answer(
    questions: Annotated[
        Path,
        typer.Argument(
            exists=True,
            dir_okay=False,
            help='JSON lines: `{"question": id, "items": [ids, the latest last]}`.',
        ),
    ],
    source: Shop,
    out_file: Annotated[
        Path, typer.Option("--out", help="JSON lines to write: `question`, and twenty `items`.")
    ] = Path("answers.jsonl"),
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Leave out the item that is looked at.")
    ] = False,
    model: Tag = "recommend",
    database_url: DatabaseUrl = None,
) -> None:
    """Answer a file of questions, by every view of the shop that is stored."""
    from valuebox_cli.recommend.answering import answer_all, recommender_of
    from valuebox_cli.recommend.learning import learned_of

    with exit_codes(), migrated_store(database_url) as store:
        check_writable(out_file)
        with err.status("answering …"):
            recommender = recommender_of(store, source, learned_of(model, source), fresh)
            with out_file.open("w", encoding="utf-8") as file:
                count = answer_all(recommender, questions, file, fresh)
        out.print(f"{count:,} answers written to {out_file}", soft_wrap=True, markup=False)
