"""The first commands that anybody runs: generate users, train, evaluate."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final
from uuid import uuid4

import typer

from valuebox.compartments.ltv.files import open_users
from valuebox.compartments.ltv.schemas import MAX_ROWS
from valuebox.errors import ValueboxError
from valuebox.pages.spreadsheets import cell
from valuebox.settings import variable
from valuebox.store.urls import must_be_there
from valuebox_cli.client import DEFAULT_URL
from valuebox_cli.cluster import Dask, cluster
from valuebox_cli.ltv import evaluate as evaluation
from valuebox_cli.ltv.cohort_errors import print_report
from valuebox_cli.terminal.console import (
    Worse,
    check_writable,
    err,
    exit_codes,
    out,
    print_trial,
    progress,
    warn,
    write_text,
    writing,
)
from valuebox_cli.terminal.options import USERS, DatabaseUrl, Strict, Url
from valuebox_cli.terminal.options import database_url as resolve

if TYPE_CHECKING:
    from valuebox_training.ltv.train import Trained


DATA: Final = Path("data")


def simulate(
    out_dir: Annotated[Path, typer.Argument(help="Folder for train.csv, valid.csv, test.csv.")],
    users_per_day: Annotated[
        float, typer.Option(min=0.1, max=100_000, help="Mean number of joins a day.")
    ] = 1750,
    seed: Annotated[
        int, typer.Option(min=0, help="Seed of chance: the same seed makes the same files.")
    ] = 0,
    world: Annotated[
        str | None,
        typer.Option(help="Kind of site to imitate; `list` prints all kinds.", show_default="site"),
    ] = None,
    oracle: Annotated[
        bool,
        typer.Option("--oracle", help="Also write the value that every user is expected to have."),
    ] = False,
    game: Annotated[
        bool,
        typer.Option(
            "--game",
            help="Live through a mobile game instead, and write its events: two weeks in which "
            "players react to offers. `valuebox offers simulate` has more to choose.",
        ),
    ] = False,
    shop: Annotated[
        bool,
        typer.Option(
            "--shop",
            help="Live through a shop instead, and write its events: two weeks in which visitors "
            "react to lists of items. `valuebox recommend simulate` has more to choose.",
        ),
    ] = False,
) -> None:
    """Generate users of an imaginary subscription site, to try everything on.

    1,750 users a day is the size of the real site: some 370,000 to train on, 55,000 a month to
    check with. The test month has no `target`. Each world moves in its own way, from `calm` to
    price changes and new countries. The oracle files hold `user_id,oracle`, the expected target
    given all that is known on day 4: how far it is off is chance, which no model can predict.
    """
    from valuebox_training.ltv.simulate import simulate as generate
    from valuebox_training.ltv.worlds import WORLDS

    if game:
        from valuebox_cli.offers.command import simulate as live
        from valuebox_cli.offers.simulating import USUAL

        live(out_dir, world or USUAL, seed)
        return
    if shop:
        from valuebox_cli.recommend.simulating import simulate as visit

        visit(out_dir, world, seed)
        return
    with exit_codes():
        if world == "list":
            for name, described in WORLDS.items():
                out.print(f"{name}: {described.about}")
            return
        chosen = world or "site"
        if chosen not in WORLDS:
            raise ValueboxError(f"there is no world {world!r}, only {', '.join(WORLDS)}")
        with writing(out_dir):
            written = generate(users_per_day, seed, chosen).write(out_dir, oracle)
        for name, users in written.items():
            out.print(f"{out_dir / name}: {users:,} users")


def train(
    data: Annotated[
        Path, typer.Option(help="Folder with train.csv and, if it is there, valid.csv.")
    ] = DATA,
    train_file: Annotated[
        Path | None,
        typer.Option("--train", help="File to learn from, instead of DATA/train.csv."),
    ] = None,
    valid_file: Annotated[
        Path | None,
        typer.Option("--valid", help="File of later users to judge on; never learned from."),
    ] = None,
    model: Annotated[str, typer.Option(help="Name of the model in the model store.")] = "ltv",
    trials: Annotated[
        int,
        typer.Option(
            min=0,
            max=1_000,
            help="Number of choices of hyperparameters to try first, on earlier and later users.",
        ),
    ] = 0,
    keep_outliers: Annotated[
        bool,
        typer.Option(
            "--keep-outliers", help="Also learn from targets that are far beyond all others."
        ),
    ] = False,
    pipeline: Annotated[
        str | None,
        typer.Option(
            help="Learn with an estimator of your own in the place of the trees: `module:factory`, "
            "a function without arguments that returns it, unfitted."
        ),
    ] = None,
    columns: Annotated[
        Path | None,
        typer.Option(
            help="Declaration of further columns of users to learn from, as TOML; the service that "
            "takes the model then takes, stores and watches them."
        ),
    ] = None,
    force: Annotated[
        bool,
        typer.Option("--force", help="Save that even where it is worse than the trees."),
    ] = False,
    strict: Strict = False,
    dask: Dask = None,
) -> None:
    """Learn from a file of users, judge on later ones, save into the BentoML model store.

    Prints the cohort errors on the validation users and the tag of the saved model. With
    `--train` alone nothing is judged. `--trials` searches for better hyperparameters than the
    usual ones, by what they say of training users who joined later than those they learn from.
    With `--dask` the trees grow on a cluster, whose workers try hyperparameters each for itself;
    the rest, an estimator of your own too, and the files stay on this machine. With `--pipeline`
    both are learned and judged on the same later users; one that is worse than the trees is not
    saved, with exit code 4.
    """
    from valuebox.features.declared.reading import read
    from valuebox.schemas.own_columns import OwnColumns
    from valuebox_training.ltv.train import train as learn
    from valuebox_training.ltv.with_own import NotAsGood

    with exit_codes():
        if train_file is None:
            train_file = data / "train.csv"
            if valid_file is None and (data / "valid.csv").exists():
                valid_file = data / "valid.csv"
        if pipeline and trials:
            raise ValueboxError("--trials is of the trees, and not of --pipeline")
        with cluster(dask) as client, err.status("learning …"):
            try:
                trained = learn(
                    train_file,
                    valid_file,
                    model,
                    trials=trials,
                    tried=print_trial,
                    client=client,
                    strict=strict,
                    keep_outliers=keep_outliers,
                    factory=pipeline,
                    own=None if columns is None else read(columns, OwnColumns),
                    force=force,
                )
            except NotAsGood as error:
                raise Worse(*error.args) from None
        warn(trained.warnings)
        if trained.validation:
            print_report(trained.validation)
        if trained.beside:
            out.print(trained.beside.told, soft_wrap=True)
        print_trained(trained)
        if pipeline:
            out.print(f"a service needs {variable('trust_pipelines')}=1 to load it")


def print_trained(trained: "Trained") -> None:
    """Say what was learned from, and where it was saved."""
    users_told = f"{trained.users:,} user{'s' * (trained.users != 1)}"
    if trained.without:
        users_told += f" ({trained.without:,} more have no target)"
    out.print(f"learned from {users_told}, saved as {trained.tag}", soft_wrap=True)


def evaluate(
    file: Annotated[
        Path,
        typer.Argument(help=f"{USERS}; with or without `target`."),
    ],
    url: Url = DEFAULT_URL,
    source: Annotated[
        evaluation.Source,
        typer.Option(help="Take the predictions from the answers, or read back what was stored."),
    ] = "api",
    batch_size: Annotated[
        int, typer.Option(min=1, max=MAX_ROWS, help="Users per request.")
    ] = 5_000,
    database_url: DatabaseUrl = None,
    predictions: Annotated[
        Path | None, typer.Option(help="Write user_id, prediction, lower, upper, … there, as CSV.")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write the figures there, as JSON.")] = None,
    html: Annotated[
        Path | None,
        typer.Option(help="Write a page of charts there, for a browser; needs a `target`."),
    ] = None,
    strict: Strict = False,
    run: Annotated[
        str | None,
        typer.Option(
            help="Name of this run. After an interruption give the same one again, with the same "
            "file and batch size: what is stored already is not stored twice.",
            show_default="a new one",
        ),
    ] = None,
) -> None:
    """Send a file of users to the service and judge its predictions by cohort.

    Prints, for every country segment, the mean absolute error of the cohort mean by join day
    and by join month, next to a baseline of training means. The `target` column stays here.
    Without one the users are predicted and stored all the same, and nothing is judged; with
    `--html` such a file is refused before anything is sent.
    """
    with exit_codes():
        read_from = resolve(database_url) if source == "database" else None
        if read_from is not None:
            must_be_there(read_from)
        for target in (predictions, report, html):
            check_writable(target)
        if run is not None and not re.fullmatch("[!-~]{1,100}", run):
            raise ValueboxError("--run takes 1 to 100 visible ASCII characters")
        users = open_users(file, strict=strict)
        told = users.warnings()
        warn(told)
        with progress("users") as bar:
            task = bar.add_task(f"{file}")
            predicted, judged = evaluation.evaluate(
                users,
                url,
                batch_size,
                read_from,
                run or uuid4().hex,
                lambda done, total: bar.update(task, completed=done, total=total),
                must_judge=html is not None,
                strict=strict,
            )
        if predictions:
            with writing(predictions):
                texts = {"model": predicted["model"].map(cell)}
                predicted.assign(**texts).to_csv(predictions, index=False)
        if report:
            write_text(report, judged.model_dump_json(indent=2) + "\n")
        if html:
            from valuebox_cli.ltv.page import render

            write_text(html, render(judged))
        # Files first: whatever becomes of what is printed.
        warn(one for one in judged.warnings if one not in told)
        if judged.cohorts:
            print_report(judged.cohorts)
        out.print(f"{judged.users:,} users predicted by {', '.join(judged.models)}, and stored")
        if not judged.cohorts:
            out.print(f"{file} has no target: nothing to judge")
