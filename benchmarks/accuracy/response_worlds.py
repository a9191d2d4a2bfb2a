"""Customers whose responses are predicted: generated ones, and CDNOW's."""

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from importlib.metadata import files
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuebox.facts.labels import Labels
from valuebox.facts.reading import CustomerColumns, EventColumns, FactColumns
from valuebox_training.facts.workshop import FIRST_CAMPAIGN, write

FIRST: Final = np.datetime64("2023-01-01", "us")
_YEAR: Final = 365
Generator = np.random.Generator


def gathered(
    who: Any,
    type_: Any,
    category: Any,
    days: Any,
    created: NDArray[np.float64],
    attributes: list[dict[str, Any] | None] | None = None,
) -> FactColumns:
    """Events by column, as facts.

    Args:
        who: Customer of each event, from 0 on.
        type_: Of each event.
        category: Of each event, or None.
        days: Of each event, since the first day.
        created: When each customer joined, in days; NaN where it is not known.
        attributes: Of each customer.
    """
    customers, day = len(created), 86_400_000_000
    joined = np.full(customers, np.datetime64("NaT"), dtype="datetime64[us]")
    known = np.isfinite(created)
    joined[known] = FIRST + (created[known] * day).astype("timedelta64[us]")
    return FactColumns(
        CustomerColumns(
            Labels(np.zeros(customers, dtype=np.int32), ["shop"]),
            np.arange(customers).astype(str).astype(object),
            joined,
            attributes or [None] * customers,
        ),
        EventColumns(
            np.asarray(who, dtype=np.int32),
            _coded(type_),
            FIRST + (np.asarray(days, dtype=np.float64) * day).astype("timedelta64[us]"),
            np.full(len(who), np.nan),
            _coded(category),
        ),
    )


def _coded(texts: Any) -> Labels:
    codes, names = pd.factorize(np.asarray(texts, dtype=object))
    return Labels(codes.astype(np.int32), [str(name) for name in names])


def workshop(seed: int, users: int = 800) -> FactColumns:
    """The generated database of the workshop's shape: users buy, like and share meals."""
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder), replace(FIRST_CAMPAIGN, users=users, seed=seed))
        with closing(sqlite3.connect(path)) as database:
            people = pd.read_sql('SELECT id, "Campaign_ID", "Created_Date" FROM "Users"', database)
            events = pd.read_sql(
                'SELECT e."User_Id" AS who, e."Type" AS type, m."Type" AS meal, e.date FROM "Event"'
                ' e JOIN "Users" u ON u.id = e."User_Id" JOIN "Meal" m ON m.id = e."Meal_Id"',
                database,
            )
    begin = pd.Timestamp(FIRST_CAMPAIGN.start)
    day = pd.Timedelta(days=1)
    return gathered(
        events["who"] - 1,
        events["type"],
        events["meal"],
        (pd.to_datetime(events["date"], format="ISO8601") - begin) / day,
        ((pd.to_datetime(people["Created_Date"], format="ISO8601") - begin) / day).to_numpy(),
        [{"campaign": one} for one in people["Campaign_ID"]],
    )


def cdnow(seed: int) -> FactColumns:
    """All 23,570 customers of CDNOW, 1997 to mid-1998; the category is how many were bought."""
    path = next(one for one in files("lifetimes") or [] if one.name == "CDNOW_master.txt")
    names = ["customer", "day", "discs", "dollars"]
    rows = pd.read_csv(path.locate(), sep=r"\s+", names=names, header=0)
    day = pd.to_datetime(rows["day"].astype(str), format="%Y%m%d")
    who = rows["customer"].to_numpy() - 1
    band = np.select([rows["discs"] == 1, rows["discs"] <= 3], ["one", "few"], "many")
    hours = np.random.default_rng(seed).uniform(0, 1, len(rows))
    days = (day - day.min()).dt.days.to_numpy() + hours
    first = pd.Series(days).groupby(who).min().to_numpy()
    return gathered(who, ["bought"] * len(rows), band, days, first - 0.01)


def grocery(seed: int, households: int = 1500, days: int = _YEAR) -> FactColumns:
    """Households with a weekly habit, baskets of many lines, staples and seldom needs."""
    rng = np.random.default_rng(seed)
    departments = 20
    need = rng.gamma(0.7, 1, departments)
    cycle = rng.choice([0, 20, 45], departments, p=[0.6, 0.2, 0.2])
    parts = []
    for who in range(households):
        gap, shape = rng.lognormal(2.2, 0.8), rng.choice([1.0, 3.0, 8.0])
        gone = rng.exponential(700) if rng.random() < 0.5 else np.inf
        taste = rng.dirichlet(need * 4 + 0.05)
        size = rng.lognormal(1.2, 0.6)
        last = np.full(departments, -rng.uniform(0, 60, departments))
        now = rng.uniform(0, gap)
        holiday = rng.uniform(0, days)
        while now < min(days, gone):
            lines = 1 + rng.poisson(size)
            bought = np.unique(rng.choice(departments, lines, p=taste))
            fresh = now - last[bought] < cycle[bought] * rng.uniform(0.6, 1.2)
            bought = bought[~fresh] if not fresh.all() else bought[:1]
            last[bought] = now
            parts += [(who, one, now) for one in bought for _ in range(1 + (rng.random() < 0.3))]
            busy = 1.6 if now % _YEAR > 340 else 1.0
            now += rng.gamma(shape, gap / shape) / busy
            if abs(now - holiday) < 12:
                now += 15
    who_, category, when = zip(*parts, strict=True)
    told = [{"size": str(rng.integers(1, 6))} for _ in range(households)]
    named = [f"department {one}" for one in category]
    return gathered(who_, ["bought"] * len(who_), named, when, np.full(households, np.nan), told)


def retail(seed: int, customers: int = 4000, days: int = 2 * _YEAR) -> FactColumns:
    """Buyers who come, leave and have heavy tails; a season before Christmas, and returns."""
    rng = np.random.default_rng(seed)
    parts = []
    joined = rng.uniform(0, days, customers) ** 1.1 * days**-0.1
    for who in range(customers):
        rate = rng.gamma(0.6, 1 / 40) + (0.15 if rng.random() < 0.01 else 0)
        leaves = rng.beta(0.8, 3)
        taste = rng.dirichlet(np.full(12, 0.25))
        season = rng.random() < 0.3
        now = joined[who]
        while now < days:
            for one in rng.choice(12, 1 + min(rng.zipf(1.8), 60), p=taste):
                kind = "returned" if rng.random() < 0.03 else "bought"
                parts.append((who, kind, one, now + rng.uniform(0, 0.01)))
            if rng.random() < leaves:
                break
            step = rng.exponential(1 / max(rate, 1e-4))
            late = now % _YEAR > 250
            now += step / (1.8 if late else 1.0)
            if season and now % _YEAR < 270:
                now += rng.choice([0, 270 - now % _YEAR], p=[0.6, 0.4])
    who_, kinds, category, when = zip(*parts, strict=True)
    told = [{"country": str(rng.choice(["UK", "FR", "DE"], p=[0.8, 0.1, 0.1]))} for _ in joined]
    named = [f"range {one}" for one in category]
    return gathered(who_, kinds, named, when, joined - 0.01, told)


def clicks(seed: int, customers: int = 8000, days: int = 180) -> FactColumns:
    """Visitors who view, fill carts and buy; most never come back, and some are bots."""
    rng = np.random.default_rng(seed)
    parts = []
    joined = rng.uniform(0, days, customers)
    for who in range(customers):
        bot = rng.random() < 0.01
        gap = 0.7 if bot else rng.lognormal(2.5, 1.0)
        stays = 0.995 if bot else rng.beta(1, 1.5)
        buys = 0.0 if bot else rng.beta(0.5, 4)
        taste = rng.dirichlet(np.full(10, 0.3))
        now = joined[who]
        while now < days:
            interest = rng.choice(10, p=taste)
            for _ in range(rng.poisson(60) if bot else 1 + min(rng.zipf(2.0), 40)):
                one = rng.integers(10) if bot else interest
                parts.append((who, "view", one, now + rng.uniform(0, 0.02)))
            if rng.random() < 2 * buys:
                parts.append((who, "cart", interest, now + 0.021))
                if rng.random() < 0.5:
                    parts.append((who, "bought", interest, now + 0.022))
            if rng.random() >= stays:
                break
            now += rng.exponential(gap)
    who_, kinds, category, when = zip(*parts, strict=True)
    named = [f"aisle {one}" for one in category]
    return gathered(who_, kinds, named, when, np.full(customers, np.nan))


def promotions(seed: int, customers: int = 3000, days: int = _YEAR + 60) -> FactColumns:
    """A shop whose months are unlike each other: promotions, growth, and people who leave."""
    rng = np.random.default_rng(seed)
    level = np.repeat(np.exp(rng.normal(0, 0.45, days // 30 + 1)), 30)[:days]
    joined = rng.uniform(-100, days, customers)
    rate = rng.gamma(0.8, 1 / 50, customers)
    keen = rng.lognormal(0, 0.5, customers)
    ends = joined + rng.exponential(220, customers)
    taste = rng.dirichlet(np.full(6, 0.4), customers)
    parts = []
    for day in range(days):
        there = (joined < day) & (day < ends)
        for kind, chance in (("bought", rate * level[day] ** keen), ("like", rate * 0.7)):
            for who in np.flatnonzero(there & (rng.random(customers) < chance)):
                dish = rng.choice(6, p=taste[who])
                parts.append((who, kind, dish, day + rng.random()))
    who_, kinds, category, when = zip(*parts, strict=True)
    return gathered(who_, kinds, [f"dish {one}" for one in category], when, joined)


WORLDS: Final[dict[str, tuple[Callable[[int], FactColumns], list[str]]]] = {
    "workshop": (workshop, ["bought", "like", "share"]),
    "workshop of 6,000": (lambda seed: workshop(seed, 6000), ["bought", "like", "share"]),
    "CDNOW": (cdnow, ["bought"]),
    "grocery": (grocery, ["bought"]),
    "retail": (retail, ["bought"]),
    "clicks and bots": (clicks, ["bought", "cart", "view"]),
    "promotions": (promotions, ["bought", "like"]),
}


def worlds(seed: int, names: list[str]) -> Iterator[tuple[str, FactColumns, list[str]]]:
    """Each world that is named, or all of them: its name, facts and responses."""
    for name, (make, responses) in WORLDS.items():
        if not names or name in names:
            yield name, make(seed), responses
