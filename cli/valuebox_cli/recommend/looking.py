"""`valuebox recommend tune`, `valuebox recommend evaluate` and `valuebox recommend try`."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from valuebox.errors import ValueboxError
from valuebox_cli.cluster import Dask, cluster
from valuebox_cli.terminal.console import err, exit_codes, out
from valuebox_cli.terminal.options import DatabaseUrl, migrated_store
from valuebox_cli.terminal.tabular import print_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from valuebox_cli.recommend.trying import Tried
    from valuebox_training.recommend.evaluating import Evaluation

Shop = Annotated[str, typer.Option("--source", help="The shop, as the source of its events.")]
Name = Annotated[str, typer.Option(help="Name of the model in the model store.")]


def tune(
    source: Shop,
    name: Name = "recommend",
    dask: Dask = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Look for a better setting for a shop, and save it where it is surely better.

    Half of the newest sessions choose, and the other half says whether the choice is better by more
    than chance.
    """
    from valuebox_cli.recommend.tuning import tune_shop

    with exit_codes(), migrated_store(database_url) as store:
        with cluster(dask) as client, err.status("tuning …"):
            said = tune_shop(store, source, name, client=client)
        for line in said:
            out.print(line, soft_wrap=True, markup=False, highlight=False)


def evaluate(
    source: Shop,
    questions: Annotated[int, typer.Option(min=1, help="Questions at most.")] = 2_000,
    repeating: Annotated[
        bool, typer.Option("--repeating", help="Lists may have the item that is looked at.")
    ] = False,
    dask: Dask = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Ask ways to recommend what visitors of the last sessions looked at next.

    All of them, the tuning and the ranker too, learn anew from what came before these sessions.
    """
    from valuebox.compartments.recommend.ranking.setting import Setting
    from valuebox_cli.recommend.learning import catalogue_of, views_of
    from valuebox_training.recommend.evaluating import evaluate as ask
    from valuebox_training.recommend.questions import Log

    with exit_codes(), migrated_store(database_url) as store:
        with cluster(dask) as client, err.status("asking …"):
            log = Log.of(*views_of(store, source), Setting())
            known = catalogue_of(store, source)
            fresh = not repeating
            found = ask(log, Setting(), fresh, questions, 0, 2, None, known, client)
        _tell(source, found)


def _tell(source: str, found: "Evaluation") -> None:
    from valuebox.pages.readable import percent

    asked = len(next(iter(found.ways.values())).measured.rank)
    print_table(
        f"What {found.sessions:,} sessions of {source} looked at next, {asked:,} times since "
        f"{datetime.fromtimestamp(found.begins, UTC):%Y-%m-%d %H:%M} UTC",
        ["", "HR@20", "±", "MRR@20", "±", "coverage", "popularity"],
        [
            (
                name,
                f"{one.hit_rate.mean:.3f}",
                f"{one.hit_rate.spread:.3f}",
                f"{one.reciprocal.mean:.3f}",
                f"{one.reciprocal.spread:.3f}",
                percent(one.coverage),
                f"{one.bias:.1f}",
            )
            for name, one in found.ways.items()
        ],
        caption="HR@20: share of next items that are in a list of twenty; MRR@20: mean of 1 ÷ "
        "place; ±: intervals of 95 %, by session; coverage: share of items on any list; "
        "popularity: of items on lists, beside the mean item's",
    )
    gained, noise = found.gain.mean, 2 * found.gain.error
    verdict = (
        "surely better than" if gained > noise
        else "surely worse than" if gained < -noise
        else "not surely other than"
    )  # fmt: skip
    out.print(
        f"{found.ours} is {verdict} the best of the others, {found.best_reference}: "
        f"{gained:+.4f} ± {noise:.4f} in NDCG@20",
        soft_wrap=True,
        markup=False,
        highlight=False,
    )


def try_out(
    source: Shop,
    items: Annotated[
        list[str] | None, typer.Argument(help="Ids of items looked at, the latest last.")
    ] = None,
    session: Annotated[
        str | None, typer.Option(help="A session of the shop, instead of items.")
    ] = None,
    count: Annotated[int, typer.Option(min=1, max=100, help="Items of each list.")] = 10,
    model: Annotated[
        str,
        typer.Option(help="Model with what was learned of the shop, or `-` for usual settings."),
    ] = "recommend",
    database_url: DatabaseUrl = None,
) -> None:
    """Show what a visitor would be shown and because of what, and popular items beside it.

    Nothing is stored.
    """
    from valuebox.compartments.recommend.reading import read_visited
    from valuebox_cli.recommend.trying import lists_of

    with exit_codes(), migrated_store(database_url) as store:
        if bool(items) == (session is not None):
            raise ValueboxError("tell either items that were looked at, or --session")
        seen, bought = list(items or []), frozenset[str]()
        if session is not None:
            with store.reading() as reading:
                seen, bought = read_visited(reading.connection(), source, session)
            if not seen:
                raise ValueboxError(f"no view of the session {session!r} is stored")
        with err.status("looking …"):
            made = lists_of(store, source, seen, bought, count, model)
        out.print(f"looked at: {', '.join(map(made.called, seen[-20:]))}", markup=False)
        print_table(
            f"What a visitor of {source} sees next",
            ["", "personal", "because of", "popular"],
            list(_side_by_side(made)),
            texts=(1, 2, 3),
        )
        if made.fallback:
            out.print("the lists are the same: no session knows what was looked at")


def _side_by_side(made: "Tried") -> "Iterator[tuple[str, ...]]":
    for place in range(max(len(made.personal), len(made.popular))):
        mine = made.personal[place] if place < len(made.personal) else None
        theirs = made.popular[place] if place < len(made.popular) else None
        yield (
            str(place + 1),
            "" if mine is None else made.called(mine["item"]),
            "" if mine is None else ", ".join(map(made.called, mine["because_of"])),
            "" if theirs is None else made.called(theirs["item"]),
        )
