"""The sums of predicted responses are those over all rows, whatever happens in which order."""

from datetime import UTC, datetime, timedelta
from threading import Event

import numpy as np
import pytest
from support import responded
from support.facts import event, put_events
from support.response_sums import assert_sums
from support.sums import AT_ONCE, clock_off

from valuebox.compartments.response import repository
from valuebox.compartments.response.features import Cell
from valuebox.compartments.response.ledger import LEDGER
from valuebox.features.bins import SHARE_EDGES, CategoryBins, NumberBins, Reference
from valuebox.predictions.sums import folding
from valuebox.predictions.sums.folding import Folding
from valuebox.predictions.sums.models import Note, register
from valuebox.store.engine import Store
from valuebox.store.ids import new_id
from valuebox.store.writing import write

# Of two that are alike in the first hundred letters, and of names that read like one of ours.
CATEGORIES = ["a'\"ü%s", "x" * 120 + "1", "x" * 120 + "2", " (missing)", "", "🍜"]
CELLS = [Cell("bought", None), *(Cell("bought", one) for one in CATEGORIES), Cell("(nobody)", None)]
START = datetime(2025, 3, 30, tzinfo=UTC)
CITIES = ["Lisbon", "Porto", "L\"'ü", None]
KNOWN, UNKNOWN = "response:a", "response:never-noted"
REFERENCE = Reference(
    numbers={
        "days 'known'": NumberBins(
            edges=[10.0, 20.0], names=["few", "some", "many", "missing"], users=[1, 1, 1, 0]
        )
    },
    categories={
        "city, ü": CategoryBins(values=["Lisbon", "L\"'ü"], rarer=["Porto"], users=[1, 1, 1, 0, 0])
    },
    predictions=[1] * (len(SHARE_EDGES) + 1),
)


def predict(store: Store, rng: np.random.Generator) -> None:
    """Store what is said of some customers, at the edges of a day, by a clock that is off."""
    whom = sorted({str(one) for one in rng.integers(0, 25, 6)})
    start = START + timedelta(days=int(rng.integers(3)))
    start += [timedelta(0), timedelta(days=1, microseconds=-1), timedelta(hours=2)][rng.integers(3)]
    chances = rng.beta(0.5, 2, (len(whom), len(CELLS)))
    model = [KNOWN, UNKNOWN][rng.integers(2)]
    said = repository.answer([("shop", one) for one in whom], CELLS, chances, model, start, 30)
    known = [
        {
            "days 'known'": [None, 9.99, 10, 30.5][rng.integers(4)],
            "city, ü": CITIES[rng.integers(4)],
        }
        for _ in whom
    ]
    rows = repository.new_rows
    with clock_off([0, -3000, 90][rng.integers(3)]), store.writing() as session:
        write(session, rows(new_id(), said, CELLS, chances, known, "category"))


def do(store: Store, rng: np.random.Generator, turn: int) -> None:
    """Have customers do something, late for what was predicted of them before."""
    when = START + timedelta(days=float(rng.uniform(-1, 34)))
    told = {"category": CATEGORIES[rng.integers(len(CATEGORIES))]}
    fields = {"customer": str(rng.integers(25)), "session": None, "properties": told}
    kind = ["bought", "(nobody)"][rng.integers(2)]
    put_events(store, event(f"e{turn}", type=kind, time=when.isoformat(), **fields))


def forget(store: Store, rng: np.random.Generator) -> None:
    with store.writing() as session:
        whom = [str(one) for one in rng.integers(0, 25, 3)]
        responded.forget(session, *whom)


@pytest.mark.parametrize(("seed", "turns"), [(0, 4), pytest.param(1, 24, marks=pytest.mark.slow)])
def test_sums_are_those_over_all_rows(
    store: Store, monkeypatch: pytest.MonkeyPatch, seed: int, turns: int
) -> None:
    monkeypatch.setattr(folding, "BATCH", 17)
    monkeypatch.setattr(folding, "PAUSE_SECONDS", 0)
    rng = np.random.default_rng(seed)
    watched = [event(f"w{day}", time=(START + timedelta(days=day)).isoformat()) for day in (-9, 90)]
    put_events(store, *watched)
    with store.writing() as session:
        register(session, LEDGER, Note(KNOWN, START, REFERENCE, {"moves": {}}))
    for turn in range(turns):
        predict(store, rng)
        do(store, rng, turn)
        if turn % 2:
            forget(store, rng)
        if turn % 3:
            Folding(store, LEDGER, AT_ONCE).fold(Event(), patient=True)
            do(store, rng, 100 + turn)
        if turn % 4 == 3:
            forget(store, rng)
            Folding(store, LEDGER, AT_ONCE).fold(Event(), patient=True)
            assert_sums(store, {KNOWN: REFERENCE})
    with store.writing() as session:
        responded.forget(session, *(str(one) for one in range(25)))
    for table in (LEDGER.sums.arrivals, LEDGER.sums.cohorts, LEDGER.sums.cohort_scatter):
        with store.reading() as session:
            assert session.query(table).count() == 0
