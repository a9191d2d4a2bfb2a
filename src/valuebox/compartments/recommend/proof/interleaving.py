"""Two lists in one: the cheapest way to see which of two rankings visitors click more.

Team drafting: Radlinski, Kurup and Joachims, How does clickthrough data reflect retrieval quality?,
CIKM 2008. Every session sees both, so that it takes far fewer sessions than two arms do; it says
which ranking is clicked more, and nothing of conversion.
"""

import random
from collections.abc import Hashable, Iterable, Sequence
from typing import Final, Generic, NamedTuple, TypeVar

import numpy as np

from valuebox.compartments.recommend.proof.looks import FEWEST, SEQUENCE, TIGHT_AT
from valuebox.statistics.always_valid import multiple
from valuebox.statistics.arrays import Codes

FIRST: Final = 0
SECOND: Final = 1
Id = TypeVar("Id", bound=Hashable)


class Drafted(NamedTuple, Generic[Id]):
    """A list made of two, and which of them each item is credited to."""

    items: list[Id]
    team: list[int]
    """`FIRST` or `SECOND`, by item."""


class Preference(NamedTuple):
    """Which ranking sessions prefer."""

    sessions: int
    """Sessions with any click that is credited."""
    first: int
    """Sessions with more clicks on items of the first ranking."""
    second: int
    """Sessions with more clicks on items of the second one."""
    share: float
    """Share of sessions that prefer the second, where ties count half; 0.5 without any."""
    lower: float
    """Ends of the interval of the share, which holds at all looks together."""
    upper: float
    verdict: str


def draft(first: Sequence[Id], second: Sequence[Id], count: int, seed: str) -> Drafted[Id]:
    """Merge two rankings into a list, as two captains pick their teams.

    The ranking with fewer picks has the next one; where both have as many, a coin decides. Each
    picks its best item that is not in the list yet. One that has none left leaves the rest to the
    other.

    Args:
        first: Ids of items, the best first.
        second: Likewise.
        count: How many items the list has at most.
        seed: What the coin is thrown by, such as the ids of experiment and session: the same list
            for the same seed.
    """
    coin, rankings = random.Random(seed), (first, second)
    items: list[Id] = []
    team: list[int] = []
    chosen: set[Id] = set()
    places, picks = [0, 0], [0, 0]
    while len(items) < count:
        for at, ranking in enumerate(rankings):
            while places[at] < len(ranking) and ranking[places[at]] in chosen:
                places[at] += 1
        able = [at for at in (FIRST, SECOND) if places[at] < len(rankings[at])]
        if not able:
            break
        if len(able) > 1 and picks[FIRST] == picks[SECOND]:
            turn = coin.getrandbits(1)
        else:
            turn = min(able, key=lambda at: picks[at])
        pick = rankings[turn][places[turn]]
        items.append(pick)
        team.append(turn)
        chosen.add(pick)
        picks[turn] += 1
    return Drafted(items, team)


def credited(drafted: Drafted[Id], clicks: Iterable[Id]) -> tuple[int, int]:
    """How many different clicked items of a list each ranking is credited with."""
    wanted = set(clicks)
    won = [team for item, team in zip(*drafted, strict=True) if item in wanted]
    return won.count(FIRST), won.count(SECOND)


def preference(first: Codes, second: Codes, level: float = SEQUENCE) -> Preference:
    """Which ranking sessions prefer, by what both are credited with.

    Each session counts once, however much it clicks; sessions without a credited click say nothing.

    Args:
        first: Clicks credited to the first ranking, by session, `(n,)`.
        second: Clicks credited to the second.
        level: How sure the interval is, of all looks together.
    """
    clicked = (first + second) > 0
    sign = np.sign(second - first)[clicked]
    n = len(sign)
    wins = int((sign < 0).sum()), int((sign > 0).sum())
    share = 0.5 + float(sign.mean()) / 2 if n else 0.5
    # At most a half: a share that is the same in all sessions is no surer than a coin's.
    reach = float(multiple(np.float64(n), level, TIGHT_AT)) * 0.5 / np.sqrt(n) if n else np.inf
    lower, upper = max(share - reach, 0.0), min(share + reach, 1.0)
    if n < FEWEST:
        said = f"too few sessions with a click to tell: {n:,} of {FEWEST:,}"
    elif lower > 0.5:
        said = f"visitors prefer the second ranking: {share:.1%} of sessions that clicked"
    elif upper < 0.5:
        said = f"visitors prefer the first ranking: {1 - share:.1%} of sessions that clicked"
    else:
        said = f"not told apart yet: the second has {share:.1%} of sessions that clicked"
    return Preference(n, *wins, share, lower, upper, said)
