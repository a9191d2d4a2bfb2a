"""Named worlds: what the simulated site may be like, and how it may move.

They are there to judge models in calm and in moving conditions. Their forms differ on purpose
(steps, saturating decays, swings, jumps), so that no single assumption about time fits them all;
a real site is none of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import pandas as pd

from valuebox.statistics.arrays import Floats

OverTime = Callable[[Floats], Floats]

START: Final = pd.Timestamp("2018-12-01")
VALID: Final = pd.Timestamp("2019-07-01")
TEST: Final = pd.Timestamp("2019-08-01")
END: Final = pd.Timestamp("2019-09-01")


def constant(value: float) -> OverTime:
    """A value that is the same on all days."""
    return lambda days: np.full(len(days), value)


UNMOVED: Final = constant(0.0)
UNCHANGED: Final = constant(1.0)


def linear(first: float, last: float) -> OverTime:
    """A value that moves evenly from the first to the last day."""
    length = (END - START).days
    return lambda days: first + (last - first) * days / length


def decay(amount: float, half_life: float, since: str) -> OverTime:
    """A value that moves from 0 towards `amount`, half of the rest every `half_life` days."""
    start = _day(since)
    return lambda days: amount * (1 - 0.5 ** (np.maximum(days - start, 0) / half_life))


def step(before: float, after: float, on: str) -> OverTime:
    """One value until a day, and another one from then on."""
    start = _day(on)
    return lambda days: np.where(days < start, before, after)


def swing(amount: float, length: float) -> OverTime:
    """A wave of `length` days around 0."""
    return lambda days: amount * np.sin(2 * np.pi * days / length)


def rise(amount: float, middle: str, width: float) -> OverTime:
    """An S-curve from 0 to `amount` around a day."""
    centre = _day(middle)
    return lambda days: amount / (1 + np.exp(-(days - centre) / width))


def total(*parts: OverTime) -> OverTime:
    """The sum of several."""
    return lambda days: np.sum([part(days) for part in parts], axis=0)


def _day(date: str) -> int:
    return (pd.Timestamp(date) - START).days


@dataclass(frozen=True)
class Gaps:
    """Shares of missing values by column, in all three periods or in the test month only."""

    shares: Mapping[str, float]
    test_only: bool = False


@dataclass(frozen=True)
class World:
    """What the site is like. Functions take days since the first one, `(n_users,)`."""

    about: str
    conversion: OverTime = UNMOVED
    """Shift of the log-odds to pay a month within 4 days; late conversion feels half of it."""
    renewal: OverTime = UNMOVED
    """Shift of the log-odds to pay another month."""
    price: OverTime = UNCHANGED
    """Factor on the monthly prices for users who join on a day."""
    shares: Mapping[str, OverTime] = field(default_factory=dict)
    """Shift of the log of a segment's share of joins."""
    hidden: OverTime = UNMOVED
    """Shift of the log-odds of `hidden`."""
    is_lp: OverTime = UNMOVED
    """Shift of the log-odds of `is_lp`."""
    appears: Mapping[str, pd.Timestamp] = field(default_factory=dict)
    """Segments that nobody belongs to before a day."""
    gaps: Gaps = field(default_factory=lambda: Gaps({}))
    only: str | None = None
    """A single segment, where there is just one."""
    start: pd.Timestamp = START
    """The first day with joins."""


_NEW: Final = {"CA": VALID}
_FEW: Final = Gaps({"aff_type": 100 / 59_498, "is_cancelled": 100 / 59_498}, test_only=True)

CALM: Final = World("nothing moves")
DECAY: Final = World(
    "conversion and renewal decay, fast at first, then slower",
    conversion=decay(-0.55, 70, "2019-01-10"),
    renewal=decay(-0.80, 90, "2019-02-01"),
)
PRICE: Final = World(
    "the monthly price rises by a quarter on a day in May; fewer renew at the new price",
    price=step(1.0, 49.95 / 39.95, "2019-05-13"),
    conversion=step(0.0, -0.15, "2019-05-13"),
    renewal=step(0.0, -0.30, "2019-05-13"),
)
MIX: Final = World(
    "the traffic changes: other countries, other sources, more hidden users, in waves",
    shares={
        "IN": rise(2.2, "2019-05-20", 14),
        "NG": rise(1.3, "2019-06-20", 9),
        "GB": swing(0.7, 97),
        "RU": step(0.0, -1.0, "2019-07-08"),
    },
    hidden=total(swing(0.35, 61), rise(0.5, "2019-07-01", 12)),
    is_lp=swing(0.9, 120),
    renewal=swing(0.08, 45),
)
NEW: Final = World("a country appears in July", appears=_NEW)
# Every seventh by size: chosen without a look at how they behave.
NEW_MANY: Final = World(
    "a large, a middling and a small country appear in July",
    appears=dict.fromkeys(("CA", "NZ", "CL"), VALID),
)
# Half of them renew like no country before them, which nothing shows on the fourth day.
NEW_STRANGE: Final = World(
    "six countries appear in July, three of them unlike any that is known",
    appears=dict.fromkeys(("CA", "GB", "NG", "IL", "UA", "SG"), VALID),
)
GAPS: Final = World(
    "many values are missing, in all columns and from the start",
    gaps=Gaps(
        {
            **{"hidden": 0.06, "STV": 0.04, "is_lp": 0.15, "is_cancelled": 0.12},
            **{"credit_card_level": 0.10, "aff_type": 0.20, "country_segment": 0.05},
        }
    ),
)
TINY: Final = World(
    "one country, one month to learn from", only="GB", start=pd.Timestamp("2019-06-01")
)
SITE: Final = World(
    "the site as it is described: mild drift, CA appears in July, few gaps in August",
    conversion=linear(0.12, 0.0),
    renewal=linear(-0.05, 0.05),
    appears=_NEW,
    gaps=_FEW,
)

WORLDS: Final[dict[str, World]] = {
    "site": SITE,
    "calm": CALM,
    "decay": DECAY,
    "price": PRICE,
    "mix": MIX,
    "new": NEW,
    "new-many": NEW_MANY,
    "new-strange": NEW_STRANGE,
    "gaps": GAPS,
    "tiny": TINY,
    "decay-mix-new": replace(
        MIX,
        about="decay, other traffic and a new country at once",
        conversion=DECAY.conversion,
        renewal=DECAY.renewal,
        appears=_NEW,
    ),
    "price-gaps": replace(PRICE, about="a price change, with many gaps", gaps=GAPS.gaps),
    "rebound": World(
        "renewal falls for months and recovers from May on; two countries appear",
        renewal=total(decay(-0.7, 40, "2018-12-20"), rise(0.9, "2019-05-25", 10)),
        conversion=swing(0.12, 150),
        appears={"AU": VALID, "MY": VALID},
    ),
}
