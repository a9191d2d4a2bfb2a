"""How often `valuebox monitor` takes a calm shop for a drifted one, and how often it finds drift.

    make bench-drift

A shop is simulated for ten months, and a response model learns from them. In the month that
follows, all customers are predicted on some days; the month after it, everything has come true. In
one world of each shop nothing changes, in the others something does.
"""

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Annotated, Final, NamedTuple

import typer
from benchmarks.report import measured_with, put_section, table
from support import shop
from support.sums import AT_ONCE, some_time_ago

from valuebox.compartments.response.ledger import LEDGER, note
from valuebox.compartments.response.model import Predictor, load
from valuebox.compartments.response.steps import ResponseSteps
from valuebox.facts.reading import Choice, read_facts
from valuebox.predictions.monitoring.checks import monitor
from valuebox.predictions.monitoring.results import MonitorResult, Thresholds
from valuebox.predictions.sums.folding import Folding
from valuebox.predictions.tally import Tally
from valuebox.store import migrate
from valuebox.store.engine import Store, make_engine
from valuebox_training.response.train import train

HEADING: Final = "## How often calm is taken for drift"
WORLDS: Final = {
    "nothing changes": shop.CALM,
    "customers do a fifth of what they did": shop.LESS_ACTIVE,
    "they buy two fifths of what they did": shop.LEVEL_FELL,
    "advertisements bring 40 times as many new customers": shop.OTHERS,
}
_AT_ONCE: Final = 1_000


class Found(NamedTuple):
    """What monitoring said of one world of a shop."""

    world: str
    result: MonitorResult


def monitored(seed: int, customers: int, every: int, folder: Path) -> Iterator[Found]:
    """Every world of a shop, predicted on every so many days of a month by the same model."""
    learned = folder / "learned.db"
    store = Store(make_engine(f"sqlite:///{learned}"))
    migrate.upgrade(store.engine)
    shop.simulate(seed, customers=customers).store(store, before=shop.LEARNED)
    facts = read_facts(store, Choice())
    model = load(train(facts, shop.RESPONSES, "category", shop.AHEAD, None, "bench-drift").tag)
    with store.writing() as session:
        note(session, model)
    store.close()
    for name, world in WORLDS.items():
        file = Path(shutil.copyfile(learned, folder / "world.db"))
        store = Store(make_engine(f"sqlite:///{file}"))
        happens = shop.simulate(seed, world, customers)
        happens.store(store, first=shop.LEARNED)
        _predict(store, model, happens, every)
        Folding(store, LEDGER, AT_ONCE).fold(Event(), patient=True)
        with store.reading() as session:
            yield Found(name, monitor(session, LEDGER, Thresholds()))
        store.close()


def _predict(store: Store, model: Predictor, happens: shop.Shop, every: int) -> None:
    steps = ResponseSteps(store, model, Tally("response", model.tag, model.created_at, []))
    with some_time_ago():
        for day in range(shop.LEARNED, shop.LEARNED + shop.AHEAD, every):
            whom = happens.joined(day)
            for first in range(0, len(whom), _AT_ONCE):
                shop.predict(store, steps, whom[first : first + _AT_ONCE], day)


def described(found: list[Found], shops: int) -> str:
    """A row for each world: what was beyond its threshold, in how many shops."""
    rows: list[list[object]] = []
    for name in WORLDS:
        results = [one.result for one in found if one.world == name]
        checks = Counter(
            check for one in results for check in {finding.check for finding in one.crossed}
        )
        errors = [
            finding.value for one in results for finding in one.findings if finding.check == "error"
        ]
        chances = [
            finding.chance
            for one in results
            for finding in one.findings
            if finding.check == "error"
        ]
        rows.append(
            [
                name,
                f"{sum(bool(one.crossed) for one in results)} of {shops}",
                checks["error"],
                checks["psi"],
                f"{sum(errors) / len(errors):.2f}",
                f"{sum(chances) / len(chances):.2f}",
            ]
        )
    header = ["in the month after training", "found", "by error", "by PSI", "error", "chance"]
    return table(header, rows)


def main(
    shops: Annotated[int, typer.Option(help="How many shops are simulated.")] = 20,
    customers: Annotated[int, typer.Option(help="Customers at a time, about.")] = 250,
    every: Annotated[int, typer.Option(help="Days between two predictions of everybody.")] = 10,
    into: Annotated[Path | None, typer.Option(help="Markdown file for the table.")] = None,
) -> None:
    """Simulate, predict, wait, monitor, and count."""
    found: list[Found] = []
    with tempfile.TemporaryDirectory() as folder:
        # The models of whoever runs it stay as they are.
        os.environ["BENTOML_HOME"] = f"{folder}/bentoml"
        for seed in range(shops):
            part = Path(folder) / f"{seed}"
            part.mkdir()
            found += monitored(seed, customers, every, part)
    days = len(range(0, shop.AHEAD, every))
    text = (
        f"{shops} simulated shops of about {customers} customers at a time, whose responses are "
        f"predicted on {days} days\nof a month (`make bench-drift`): in how many of them "
        f"something is beyond its threshold. Errors are shares of\nthe actual mean, and so is what "
        f"chance exceeds once in 1,000 times; both are means over the shops.\n\n"
        f"{described(found, shops)}\n\n{measured_with()}"
    )
    if into is None:
        typer.echo(text)
    else:
        put_section(into, HEADING, text)


if __name__ == "__main__":
    typer.run(main)
