"""Facts by column, made up from a few numbers."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.growth.change.samples import Sample
from valuebox.compartments.growth.loaded.frames import Customers, Events, Facts, labels
from valuebox.compartments.growth.loaded.money import Money, money
from valuebox.compartments.growth.value.purchases import Purchases
from valuebox.facts.labels import Labels

START = np.datetime64("2024-01-01", "us")
DAY = np.datetime64("2024-03-10T12:00", "us")
DAYS = np.timedelta64(1, "D")


def facts(
    customer: Sequence[int] | NDArray[np.int_],
    time: NDArray[np.datetime64],
    amount: Sequence[float] | NDArray[np.float64],
    n_customers: int,
    groups: Sequence[int] | None = None,
) -> Facts:
    """Customers, and what each bought when; `groups` are their campaigns."""
    n = len(customer)
    one = Labels(np.zeros(n, dtype=np.int32), ["bought"])
    campaign = np.zeros(n_customers, dtype=np.int32)
    if groups is not None:
        campaign = np.array(groups, dtype=np.int32)
    source = Labels(np.zeros(n_customers, dtype=np.int32), ["shop"])
    return Facts(
        Customers(
            source,
            np.array([str(who) for who in range(n_customers)], dtype=object),
            np.full(n_customers, START),
            {"campaign": Labels(campaign, ["A", "B", "C", "D"]), "source": source},
        ),
        Events(
            np.array(customer, dtype=np.int32),
            one,
            time.astype("datetime64[us]"),
            np.array(amount, dtype=np.float64),
            Labels(np.full(n, -1, dtype=np.int32), []),
        ),
    )


def made(
    events: list[tuple[int, str, float, float | None]],
    customers: int = 3,
    source: str = "shop",
    joined: list[float | None] | None = None,
    **attributes: list[str | None],
) -> Facts:
    """Facts; an event is whose it is, its type, days after 10 March 2024, and its amount."""
    who, types, after, amounts = zip(*events, strict=True) if events else [()] * 4
    created = [
        np.datetime64("NaT", "us") if day is None else DAY + round(86_400 * day) * DAYS // 86_400
        for day in joined or [0.0] * customers
    ]
    return Facts(
        Customers(
            labels([source] * customers),
            np.array([str(n) for n in range(customers)], dtype=object),
            np.array(created, dtype="datetime64[us]"),
            {name: labels(values) for name, values in attributes.items()},
        ),
        Events(
            np.array(who, dtype=np.int32),
            labels(types),
            DAY + (np.array(after, dtype=np.float64) * 86_400e6).astype("timedelta64[us]"),
            np.array([np.nan if one is None else one for one in amounts], dtype=np.float64),
            labels([None] * len(events)),
        ),
    )


def named(values: Labels) -> list[str | None]:
    """The name of each row."""
    return [None if code < 0 else values.names[code] for code in values.codes.tolist()]


def bought(these: Facts) -> Money:
    """Every event as a purchase at its own amount."""
    return money(these, "bought")


def halves(these: Facts, in_first: NDArray[np.bool_]) -> tuple[Sample, Sample]:
    """Two samples: some customers with all that they did, and the others."""
    own = these.events.customer
    return Sample(in_first, in_first[own]), Sample(~in_first, ~in_first[own])


def histories(
    r: float, alpha: float, a: float, b: float, weeks: NDArray[np.float64], seed: int
) -> Purchases:
    """What buyers do of whom BG/NBD is true, each observed for so many weeks."""
    rng = np.random.default_rng(seed)
    n = len(weeks)
    rate, leaves = rng.gamma(r, 1 / alpha, n), rng.beta(a, b, n)
    repeats, last, now = np.zeros(n), np.zeros(n), np.zeros(n)
    alive = np.ones(n, dtype=bool)
    while alive.any():
        now[alive] += rng.exponential(1 / rate[alive])
        alive &= now < weeks
        repeats[alive] += 1
        last[alive] = now[alive]
        alive &= rng.random(n) >= leaves
    return Purchases(np.arange(n), repeats, last, weeks, np.zeros(n), np.zeros(n))
