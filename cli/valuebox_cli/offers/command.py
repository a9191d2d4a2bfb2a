"""`valuebox offers`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from valuebox.compartments.offers.evaluation.gate import Mode
from valuebox.compartments.offers.evaluation.parts import Part
from valuebox.errors import ValueboxError
from valuebox_cli.offers import reporting, training
from valuebox_cli.response.asking import moment_of
from valuebox_cli.terminal.console import (
    FAILED,
    UNKNOWN,
    check_writable,
    err,
    exit_codes,
    out,
    write_text,
    writing,
)
from valuebox_cli.terminal.options import DatabaseUrl, migrated_store

app = typer.Typer(
    help="Learn which offer to show to whom, from every answer.", no_args_is_help=True
)


app.command()(reporting.report)
app.command()(training.train)


@app.command()
def simulate(
    folder: Annotated[
        Path, typer.Argument(help="Folder for files of events; it must not be there yet.")
    ],
    world: Annotated[
        str, typer.Option(help="Kind of game; `list` prints all kinds.")
    ] = "few-stationary",
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another game.")] = 0,
    days: Annotated[int, typer.Option(min=1, help="Days that are lived through.")] = 14,
    players: Annotated[int, typer.Option(min=10, help="How many people play.")] = 2_500,
    start: Annotated[str, typer.Option(help="When the game begins.")] = "2017-08-01T00:00Z",
    url: Annotated[
        str | None,
        typer.Option(
            "--url",
            help="Service that decides on the offers and is told of all events.",
            show_default="offers are drawn at random",
        ),
    ] = None,
) -> None:
    """Live through a game whose players react to offers, and write its events, a file a day.

    Events are raw, as the game sends them: `valuebox import FOLDER --mapping game` stores them.
    With --url a service decides, and is told of them. The same game can be lived through again,
    and further: what was decided before is decided alike.
    """
    from valuebox_cli.offers.simulating import simulate as live
    from valuebox_cli.offers.simulating import world_of
    from valuebox_training.offers.games.worlds import WORLDS

    with exit_codes():
        if world == "list":
            for name, one in WORLDS.items():
                out.print(f"{name}: {one.about}", soft_wrap=True)
            return
        kind, began = world_of(world), moment_of(start) or datetime.now(UTC)
        if days > kind.setting.days:
            raise ValueboxError(f"--days: the game {world} ends after {kind.setting.days} days")
        if folder.exists():
            raise ValueboxError(f"{folder}: is there already")
        with writing(folder):
            folder.mkdir(parents=True)
        with err.status("playing …"):
            game = kind.game(seed, players)
            regret, written = live(game, seed, began, days, folder, url)
        out.print(f"{folder}: {written:,} events of {days} days", soft_wrap=True, markup=False)
        if url is not None:
            weeks = ", ".join(f"{one:.2f}" for one in regret.by_week())
            out.print(f"regret by week, 0 for an oracle and 1 for chance: {weeks}", soft_wrap=True)


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
    gate: Annotated[
        Mode,
        typer.Option(
            help="What the new model has to show by days that it has not seen: that nothing says "
            "it earns less (watch), that it loses no more than a margin (not-worse), or that it "
            "earns more (better)."
        ),
    ] = Mode.WATCH,
    no_gate: Annotated[
        bool, typer.Option("--no-gate", help="Have the new model decide whatever it shows.")
    ] = False,
    apprentice: Annotated[
        bool, typer.Option("--apprentice", help="Learn, and leave deciding to the model before.")
    ] = False,
    database_url: DatabaseUrl = None,
) -> None:
    """Learn from all decisions and what came of them, and have the new model decide.

    Exits with 3 where the model was learned and does not decide, since it was found to earn less.
    Where too little was bought yet, it says so, and whatever decides goes on.
    """
    from valuebox_cli.offers.learning import learn_and_promote
    from valuebox_training.offers.learning import NothingToLearn

    with exit_codes(), migrated_store(database_url) as store:
        moment, mode = moment_of(at) or datetime.now(UTC), None if no_gate else gate
        try:
            with err.status("learning …"):
                tag, decides, why = learn_and_promote(store, moment, name, mode, apprentice)
        except NothingToLearn as error:
            out.print(f"nothing was learned yet: {error}", soft_wrap=True, markup=False)
            return
        said = "decides" if decides else "was saved and does not decide"
        out.print(f"{tag} {said}: {why}", soft_wrap=True, markup=False)
        if not decides and not apprentice:
            raise typer.Exit(UNKNOWN)


@app.command()
def rollback(database_url: DatabaseUrl = None) -> None:
    """Have the model decide again that did before; no service needs to restart."""
    from valuebox.compartments.offers.promoting import roll_back

    with exit_codes(), migrated_store(database_url) as store:
        with store.writing() as session:
            now, before = roll_back(session)
        out.print(f"{now} decides again, in place of {before}", soft_wrap=True, markup=False)


@app.command()
def replay(
    since: Annotated[
        str | None, typer.Option(help="Earliest moment of decisions.", show_default="all")
    ] = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Make stored decisions once more, by their models and seeds, and tell which differ.

    Exits with 1 where one does.
    """
    from valuebox_cli.offers.replaying import replay_all

    with exit_codes(), migrated_store(database_url) as store:
        with err.status("deciding once more …"):
            found = replay_all(store, moment_of(since))
        out.print(
            f"{found.alike:,} decisions alike, {found.differing:,} differing, "
            f"{found.gone:,} whose model is gone",
            soft_wrap=True,
        )
        for one in found.first:
            out.print(f"differs: {one}", soft_wrap=True, markup=False)
        if found.differing:
            raise typer.Exit(FAILED)


@app.command()
def evaluate(
    log: Annotated[
        Path | None,
        typer.Option(
            "--log",
            help="Decisions of others: CSV, which may be compressed, Parquet, or a folder.",
            show_default="the decisions in the database",
        ),
    ] = None,
    policy: Annotated[
        list[str] | None,
        typer.Option(
            "--policy",
            help="random, best-fixed, or module:function, a Python function; several times for "
            "several.",
            show_default="random and best-fixed",
        ),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            help="Tag of a model of offers, of whose propensities is asked too; several times for "
            "several.",
            show_default="none",
        ),
    ] = None,
    part: Annotated[
        Part, typer.Option(help="Which money counts, of decisions in the database.")
    ] = Part.OWN,
    since: Annotated[
        str | None,
        typer.Option("--since", help="Earliest moment of decisions in the database."),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            "--at",
            help="Look at what is stored by now and happened before this moment.",
            show_default="now",
        ),
    ] = None,
    action: Annotated[str, typer.Option(help="Column of FILE with what was chosen.")] = "action",
    propensity: Annotated[
        str, typer.Option(help="Column of FILE with how likely that choice was.")
    ] = "propensity",
    reward: Annotated[str, typer.Option(help="Column of FILE with what came of it.")] = "reward",
    cluster: Annotated[
        str | None,
        typer.Option(
            help="Column of FILE that says whose a decision is: those of one are not independent.",
            show_default="cluster or customer, where there is one",
        ),
    ] = None,
    context: Annotated[
        list[str] | None,
        typer.Option(
            help="Column of FILE with what was known; several times for several.",
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
    database_url: DatabaseUrl = None,
) -> None:
    """Say what other policies would have earned, by decisions and their propensities.

    Exits with 3 where the log can tell of none of them.
    """
    from valuebox_cli.offers.evaluating import Question, by_database, by_file, nothing_known, tell
    from valuebox_cli.offers.functions import functions_of
    from valuebox_cli.offers.logs import Columns

    with exit_codes():
        check_writable(json)
        if log is not None and model:
            raise ValueboxError("--model: models know the decisions in the database alone")
        asked = functions_of(policy)
        with err.status("evaluating …"):
            if log is not None:
                columns = Columns(action, propensity, reward, cluster, context)
                found = by_file(log, columns, asked, cap)
            else:
                moments = moment_of(at) or datetime.now(UTC), moment_of(since)
                with migrated_store(database_url) as store:
                    found = by_database(store, *moments, Question(part, cap, asked, model or []))
        tell(found)
        if json is not None:
            write_text(json, found.model_dump_json(indent=2) + "\n")
        if nothing_known(found):
            raise typer.Exit(UNKNOWN)
