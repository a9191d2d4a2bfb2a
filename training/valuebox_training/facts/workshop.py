"""Databases of the shape that the growth workshop has: Users, Meal, Event.

    python -m valuebox_training.facts.workshop data

Everything is made up, the dirt included: events of users and about meals that are not there,
events from before their user came, prices as text. The second one is a later campaign, in which
users who come from Pinterest buy more.
"""

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np

CAMPAIGNS: Final = ("TW", "RE", "FB", "PI")
MEALS: Final = ("japanese", "chinese", "french", "german", "italian", "mexican", "vietnamese")
TYPES: Final = ("bought", "like", "share", "nothing")
DAYS: Final = 365
FIRST: Final = datetime(2024, 1, 1)

_TABLES: Final = """
CREATE TABLE "Users" (
    id INTEGER NOT NULL PRIMARY KEY, date DATETIME, "Campaign_ID" VARCHAR(40),
    "Created_Date" DATETIME
);
CREATE TABLE "Meal" (
    "Type" VARCHAR(40), date DATETIME, id INTEGER NOT NULL PRIMARY KEY, price INTEGER
);
CREATE TABLE "Event" (
    id INTEGER NOT NULL PRIMARY KEY, date DATETIME, "User_Id" INTEGER NOT NULL,
    "Meal_Id" INTEGER NOT NULL, "Type" VARCHAR(40),
    FOREIGN KEY("User_Id") REFERENCES "Users" (id), FOREIGN KEY("Meal_Id") REFERENCES "Meal" (id)
);
"""
_BUYING: Final = {"TW": 0.20, "RE": 0.16, "FB": 0.30, "PI": 0.36}
"""Share of buying in what users of each campaign do."""
_ACTIVE: Final = 0.45
"""The share of users who ever do anything."""
_MEAN_GAP: Final = 25.0
"""Days between two events of an active user, on average."""
_STAYS: Final = 0.85
"""The share of active users who do something again, after each event."""
_HANGING: Final = 3
_EARLY: Final = 4
_WORDS: Final = ("$8", "12 USD", "9,5", "eleven", "7.00 $")
"""Prices that somebody typed."""


@dataclass(frozen=True)
class Campaign:
    """What tells two databases apart."""

    name: str
    users: int
    meals: int
    buying: dict[str, float]
    start: datetime
    seed: int


FIRST_CAMPAIGN: Final = Campaign("workshop-1", 800, 120, _BUYING, FIRST, 1)
SECOND_CAMPAIGN: Final = Campaign(
    "workshop-2", 800, 120, _BUYING | {"PI": 0.55}, FIRST + timedelta(DAYS), 2
)


def write(folder: Path, campaign: Campaign) -> Path:
    """Write a database, the same one every time; one that is there is replaced."""
    path = folder / f"{campaign.name}.db"
    path.unlink(missing_ok=True)
    rng = np.random.default_rng(campaign.seed)
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript(_TABLES)
        users = list(_users(rng, campaign))
        meals = list(_meals(rng, campaign))
        database.executemany('INSERT INTO "Users" VALUES (?, ?, ?, ?)', users)
        database.executemany('INSERT INTO "Meal" VALUES (?, ?, ?, ?)', meals)
        events = sorted(_events(rng, campaign, users))
        database.executemany(
            'INSERT INTO "Event" VALUES (?, ?, ?, ?, ?)',
            [(number, f"{when}", *rest) for number, (when, *rest) in enumerate(events, 1)],
        )
    return path


def _users(rng: np.random.Generator, campaign: Campaign) -> Iterator[tuple[Any, ...]]:
    for user_id, day in enumerate(np.sort(rng.uniform(0, DAYS * 0.8, campaign.users)), 1):
        created = campaign.start + timedelta(days=float(day))
        yield user_id, f"{created}", str(rng.choice(CAMPAIGNS)), f"{created}"


def _meals(rng: np.random.Generator, campaign: Campaign) -> Iterator[tuple[Any, ...]]:
    typed = dict(zip(rng.choice(campaign.meals, len(_WORDS), False) + 1, _WORDS, strict=True))
    for meal_id in range(1, campaign.meals + 1):
        added = campaign.start + timedelta(days=float(rng.uniform(0, 30)))
        price = typed.get(meal_id, int(rng.integers(5, 16)))
        yield str(rng.choice(MEALS)), f"{added}", meal_id, price


def _events(
    rng: np.random.Generator, campaign: Campaign, users: list[tuple[Any, ...]]
) -> Iterator[tuple[Any, ...]]:
    """Moment, user, meal and type of each, in no order."""
    end = campaign.start + timedelta(DAYS)
    for user_id, _, source, created in users:
        if rng.random() >= _ACTIVE:
            continue
        buys = campaign.buying[source]
        shares = (buys, *(np.array([0.4, 0.3, 0.3]) * (1 - buys)))
        taste = rng.dirichlet(np.full(campaign.meals, 0.05))
        when = datetime.fromisoformat(created)
        while (when := when + timedelta(days=float(rng.exponential(_MEAN_GAP)))) < end:
            meal = 1 + int(rng.choice(campaign.meals, p=taste))
            yield when, user_id, meal, str(rng.choice(TYPES, p=shares))
            if rng.random() >= _STAYS:
                break
    for number in range(_HANGING):
        when = campaign.start + timedelta(days=float(rng.uniform(100, DAYS)))
        yield when, len(users) + 10 + number, 1 + number, "bought"
        yield when + timedelta(hours=1), 1 + number, campaign.meals + 10 + number, "bought"
    for user_id, _, _, created in users[-_EARLY:]:
        yield datetime.fromisoformat(created) - timedelta(days=2), user_id, 1, "like"


if __name__ == "__main__":
    for made in (FIRST_CAMPAIGN, SECOND_CAMPAIGN):
        sys.stdout.write(f"{write(Path(sys.argv[1]), made)}\n")
