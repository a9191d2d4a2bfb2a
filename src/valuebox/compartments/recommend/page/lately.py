"""Lists that were shown lately, added up."""

from collections import Counter
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from valuebox.compartments.recommend.listing import PERSONAL, POPULAR
from valuebox.compartments.recommend.repository import LATELY
from valuebox.compartments.recommend.tables import Exposure


class Lately(NamedTuple):
    """What was shown in a shop lately."""

    lists: int
    """How many lists were shown."""
    last: datetime | None
    arms: dict[str, int]
    """How many lists there were of each arm."""
    different: float | None
    """Share of the items of personal lists that were in no popular list; None without both.

    Items of interleaved lists are those of whoever picked them.
    """
    items: int
    """How many different items were shown."""


def lately(session: Session, source: str) -> Lately:
    """The newest lists of a shop, added up."""
    newest = (
        select(Exposure.arm, Exposure.items, Exposure.at)
        .where(Exposure.source == source)
        .order_by(Exposure.id.desc())
        .limit(LATELY)
    )
    arms: Counter[str] = Counter()
    listed: dict[str, Counter[str]] = {PERSONAL: Counter(), POPULAR: Counter()}
    last = None
    for arm, items, at in session.execute(newest):
        arms[arm] += 1
        of_list = PERSONAL if arm == PERSONAL else POPULAR
        for row in items:
            listed[row.get("picked_by", of_list)][row["item"]] += 1
        last = at if last is None else max(last, at)
    personal, popular = listed[PERSONAL], listed[POPULAR]
    different = None
    if personal and popular:
        apart = sum(count for item, count in personal.items() if item not in popular)
        different = apart / personal.total()
    return Lately(arms.total(), last, dict(arms), different, len({*personal, *popular}))
