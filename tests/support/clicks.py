"""Logs of clicks for tests: small, odd, and made from a seed."""

from collections.abc import Sequence

import numpy as np

from support.recommended_by_hand import Click
from valuebox.compartments.recommend.ranking.delta import Delta
from valuebox.compartments.recommend.ranking.index import Index
from valuebox.compartments.recommend.ranking.setting import Setting

MONDAY = 1_700_000_000.0
ITEMS = ("7", "007", "7 ", "Ä", "a b", "x", "y", "z", "é", "0", "-1", "q" * 200)


def log(seed: int, sessions: int = 40, items: int = 9, days: float = 2.0) -> list[Click]:
    """Clicks of visitors at once, some of them at equal times, in no order."""
    random = np.random.default_rng(seed)
    ids = [*ITEMS, *(f"item {place}" for place in range(items))][:items]
    taste = random.dirichlet(np.ones(items), size=3)
    found = []
    for session in range(sessions):
        length = int(random.choice([1, 2, 3, 5, 8, 13]))
        start = MONDAY + float(random.integers(0, int(days * 86_400)))
        gaps = random.choice([0, 0, 1, 30, 600, 1799, 1801], size=length)
        own = random.choice(items, size=length, p=taste[session % 3])
        if session % 7 == 0:
            own[:] = own[0]
        found += [
            Click(session * 3 - 20, ids[item], start + float(seconds))
            for item, seconds in zip(own.tolist(), np.cumsum(gaps).tolist(), strict=True)
        ]
    # Clicks of a session at the same time count in the order in which they come.
    order = random.permutation(sessions)
    return [click for place in order for click in found if click.session == place * 3 - 20]


def columns(clicks: Sequence[Click]) -> tuple[list[int], list[int], list[float], list[str]]:
    """Sessions, codes of items, times, and the ids that the codes mean."""
    ids = list(dict.fromkeys(one.item for one in clicks))
    codes = {item: code for code, item in enumerate(ids)}
    return (
        [one.session for one in clicks],
        [codes[one.item] for one in clicks],
        [one.time for one in clicks],
        ids,
    )


def index_of(clicks: Sequence[Click], setting: Setting) -> Index:
    return Index.build(*columns(clicks), setting)


def delta_of(index: Index, clicks: Sequence[Click]) -> Delta:
    return Delta.build(index, *columns(clicks))


def visit(session: int, items: str, start: float = 0.0, step: float = 10.0) -> list[Click]:
    """A session whose items are words, `step` seconds apart."""
    return [
        Click(session, item, MONDAY + start + step * place)
        for place, item in enumerate(items.split())
    ]
