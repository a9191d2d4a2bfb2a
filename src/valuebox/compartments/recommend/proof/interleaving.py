"""Two lists in one: the cheapest way to see which of two rankings visitors click more.

Team drafting: Radlinski, Kurup and Joachims, How does clickthrough data reflect retrieval quality?,
CIKM 2008. Every session sees both, so that it takes far fewer sessions than two arms do; it says
which ranking is clicked more, and nothing of conversion.
"""

import random
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import Final, Generic, NamedTuple, TypeVar

INTERLEAVED: Final = "interleaved"
"""Arm of the sessions whose lists are made of two rankings."""
NOBODY: Final = -1
FIRST: Final = 0
SECOND: Final = 1
Id = TypeVar("Id", bound=Hashable)


class Drafted(NamedTuple, Generic[Id]):
    """A list made of two, and which of them each item is credited to."""

    items: list[Id]
    team: list[int]
    """`FIRST` or `SECOND`, by item; `NOBODY` for those that one ranking had to leave to the other.

    Clicks on these would count for the longer ranking, not for the better one.
    """


def draft(
    first: Sequence[Id],
    second: Sequence[Id],
    count: int,
    seed: str,
    groups: Mapping[Id, Hashable] | None = None,
    most: int | None = None,
) -> Drafted[Id]:
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
        groups: The group of each item that is in one, such as its category.
        most: How many items of a group may be picked, by both together; None for any number.
    """
    coin, rankings = random.Random(seed), (first, second)
    group_of = {} if groups is None or most is None else groups
    items: list[Id] = []
    team: list[int] = []
    chosen: set[Id] = set()
    full: Counter[Hashable] = Counter()
    places, picks = [0, 0], [0, 0]

    def is_out(item: Id) -> bool:
        return item in chosen or (most is not None and full[group_of.get(item)] >= most)

    while len(items) < count:
        for at, ranking in enumerate(rankings):
            while places[at] < len(ranking) and is_out(ranking[places[at]]):
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
        team.append(turn if len(able) > 1 or picks[turn] < picks[1 - turn] else NOBODY)
        chosen.add(pick)
        picks[turn] += 1
        if pick in group_of:
            full[group_of[pick]] += 1
    return Drafted(items, team)
