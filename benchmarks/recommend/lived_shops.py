"""Made-up shops lived through with a real service: what personal lists bring, and what is said.

    make bench-recommend-shop [OPTIONS="--only departments,blind"]

Each shop has a fortnight of an old system behind it, which is stored; a model is learned of that,
and a service with two workers makes the lists of a week of an experiment. Every visit is lived
once more in the other arm, so that the truth is known beside which the verdict stands.
"""

import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final

import typer
from benchmarks.measured_service import SETTINGS, started
from benchmarks.report import measured_with, put_section, table
from support.lived_shops import ARMS, NAME, SOURCE, live_before, live_experiment

from valuebox.compartments.recommend.experiments import report_of
from valuebox.compartments.recommend.proof.schemas import ProofReport
from valuebox.store import migrate
from valuebox.store.engine import Store, make_engine
from valuebox_training.recommend.shops.living import Lived
from valuebox_training.recommend.shops.worlds import WORLDS, Shop, with_sessions

HEADING: Final = "### Shops that are lived through"
START: Final = datetime(2026, 3, 2, tzinfo=UTC)
USUAL: Final = "departments,traits,paths,fashion,long-tail,echo,dirty,small,herd,blind"
_BEST: Final = '"At best" are lists of what each visitor likes most, which nobody can know.'
HEADER: Final = (
    *("shop", "views", "views, truth", "at best", "conversion, truth", "clicked lists, truth"),
    *("what is said of views", "of all figures"),
)


def lived(shop: Shop, seed: int, sessions: int, trained: bool = True) -> tuple[Lived, ProofReport]:
    """Live through the weeks of a shop.

    Args:
        shop: The shop, as it was before.
        seed: Of its visitors.
        sessions: Of a day of the experiment, in either truth.
        trained: Whether a model is learned of what was before.

    Returns:
        What visitors did, and what the experiment has shown.
    """
    with TemporaryDirectory() as name:
        url = f"sqlite:///{Path(name) / 'shop.db'}"
        settings = {**SETTINGS, "BENTOML_HOME": f"{name}/bentoml", "DATABASE_URL": url}
        store = Store(make_engine(url))
        migrate.upgrade(store.engine)
        live_before(store, shop, seed, START)
        if trained:
            print(_learned(settings), file=sys.stderr, flush=True)
        week = Shop(with_sessions(shop.world, sessions), shop.stock, shop.tastes, shop.drift)
        server = started(settings, Path(name) / "service.log")
        try:
            found = live_experiment(store, server.url, week, seed, START, wants_truth=True)
        finally:
            server.end()
        with store.reading() as session:
            report = report_of(session, SOURCE, NAME)
        store.close()
        return found, report


def _learned(settings: dict[str, str]) -> str:
    valuebox = str(Path(sys.executable).with_name("valuebox"))
    command = [valuebox, "recommend", "train", "--source", SOURCE]
    done = subprocess.run(
        command, env={**os.environ, **settings}, capture_output=True, text=True, check=True
    )
    return done.stdout


def row_of(name: str, found: Lived, report: ProofReport) -> list[object]:
    """A line of the table."""
    popular, personal = (found.truth[arm].figures() for arm in ARMS)
    errors = found.truth[ARMS[1]].errors(found.truth[ARMS[0]])
    lift, best = personal.beside(popular), found.oracle.figures().beside(popular)
    views = next(one for one in report.judged if one.kpi == "views" and one.arm == "personal")
    verdict = next(one for one in report.verdicts if one.arm == "personal")
    return [
        name,
        f"{popular.views:.2f} → {personal.views:.2f}",
        f"{lift['views']:+.0%} ± {2 * errors['views']:.0%}",
        f"{best['views']:+.0%}",
        f"{popular.conversion:.1%} → {personal.conversion:.1%}, "
        f"{lift['conversion']:+.0%} ± {2 * errors['conversion']:.0%}",
        f"{popular.clicks:.1%} → {personal.clicks:.1%}",
        f"{views.change or 0:+.0%}: {views.state}",
        verdict.kind,
    ]


def main(
    only: Annotated[str, typer.Option(help="Kinds of shops, by commas.")] = USUAL,
    seeds: Annotated[int, typer.Option(help="Shops of each kind.")] = 1,
    before: Annotated[int, typer.Option(help="Sessions of a day of the fortnight before.")] = 1_000,
    sessions: Annotated[int, typer.Option(help="Sessions of a day of the experiment.")] = 300,
    trained: Annotated[
        bool, typer.Option(help="Learn a model of what was before, as the table has it.")
    ] = True,
    into: Annotated[Path | None, typer.Option(help="Markdown file to put the table in.")] = None,
) -> None:
    """Live through shops, and print what lists are worth and what is said of them."""
    begun = time.process_time(), os.times().children_user
    rows = []
    for name in only.split(","):
        for seed in range(seeds):
            shop = with_sessions(WORLDS[name], min(before, WORLDS[name].sessions)).shop(seed)
            rows.append(row_of(name, *lived(shop, seed, sessions, trained)))
            print(*rows[-1], sep=" | ", file=sys.stderr, flush=True)
    spent = time.process_time() - begun[0] + os.times().children_user - begun[1]
    text = (
        f"Visitors who react, through the real endpoint, each lived once more in the other arm: "
        f"{before:,} sessions a day\nbefore, or as many as the shop has, and {sessions:,} in the "
        f"week of the experiment. ± is two standard errors, by pairs of visits.\n\n"
        f"{table(HEADER, rows)}\n\n{_BEST} {spent:.0f} s of CPU. {measured_with()}"
    )
    print(text)
    if into is not None:
        put_section(into, HEADING, text)


if __name__ == "__main__":
    typer.run(main)
