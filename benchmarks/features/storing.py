"""How long events take to be stored where there are declarations, and where there are none."""

from dataclasses import replace
from pathlib import Path
from typing import Final

from benchmarks.features.answering import Measured
from benchmarks.speed.made_events import made, parsed, put_batch

from valuebox.facts.features import declarations
from valuebox.facts.features.indexing import drop_newest, index_newest
from valuebox.features.declared.reading import declaration_of
from valuebox.store.engine import Store, make_engine

WITH: Final = "with three declarations"
WITHOUT: Final = "without"
_FIRST: Final = 1_000_000
"""A batch that nobody else makes, so that its ids are new."""


def storing(url: str, declaration: Path, rounds: int) -> dict[str, Measured]:
    """Latencies of batches of ten thousand events, half of which are stored with declarations."""
    store = Store(make_engine(url))
    found = {WITHOUT: Measured(), WITH: Measured()}
    batch = _FIRST
    for turn in range(4):
        name = (WITHOUT, WITH)[turn % 2]
        _declare(store, declaration.read_text(), name == WITH)
        for number in range(rounds // 2 + 2):
            events = parsed(made(batch), "shop")
            batch += 1
            # The first ones after an index was made find no page of it at hand.
            measured = found[name] if number >= 2 else Measured()
            with measured.one():
                put_batch(store, replace(events))
    store.close()
    return found


def _declare(store: Store, text: str, are_there: bool) -> None:
    """Add three declarations, or remove all of them, as the commands do."""
    if are_there:
        index_newest(store.engine)
        with store.writing() as session:
            for version in (1, 2, 3):
                said = text.replace("version = 1", f"version = {version}")
                declarations.add(session, declaration_of(said, "offers"), said, version == 1)
        return
    with store.writing() as session:
        if declarations.listed(session):
            declarations.remove(session, "offers", None)
    drop_newest(store.engine)
