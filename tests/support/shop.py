"""A shop whose customers come, respond and leave at rates that stay, until something changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from valuebox.facts import repository as facts
from valuebox.facts.arriving import ArrivingCustomers, ArrivingEvents
from valuebox.facts.asking import CustomerQuestion
from valuebox.serving.exchange import Exchange
from valuebox.serving.pipeline import Steps
from valuebox.store.engine import Store
from valuebox.store.ids import new_id
from valuebox.store.writing import write

SOURCE = "shop"
FIRST = np.datetime64("2025-01-01", "us")
LEARNED, AHEAD = 300, 30
"""Days that models learn from, and how far ahead they look."""
END = LEARNED + 2 * AHEAD
"""The last day: after a month of predictions, each of which can be judged by then."""
RESPONSES = ("bought", "like")
_CATEGORIES = ("thai", "french", "german")
_STAYS = 400.0
"""Days that a customer stays on average."""
_DAY = 86_400_000_000


@dataclass(frozen=True)
class World:
    """What becomes different on the day to which models have learned."""

    activity: float = 1.0
    """Factor of all that customers do."""
    buying: float = 1.0
    """Factor of what they buy alone."""
    arrivals: float = 1.0
    """Factor of how many new customers come."""
    from_ads: float = 0.2
    """The share of new customers whom advertisements bring; it is 0.2 before."""
    moves: float = 0.05
    """Deviation of the level of each month, in logarithms, before and after."""


CALM = World()
LESS_ACTIVE = World(activity=0.2)
LEVEL_FELL = World(buying=0.4)
OTHERS = World(arrivals=40, from_ads=0.9)


@dataclass(frozen=True)
class _People:
    """Customers by column."""

    created: NDArray[np.float64]
    """Day on which each joined."""
    ends: NDArray[np.float64]
    rate: NDArray[np.float64]
    """Events a day."""
    from_ads: NDArray[np.bool_]
    taste: NDArray[np.float64]


@dataclass(frozen=True)
class Shop:
    """Everything that happens in a world, by column."""

    people: _People
    who: NDArray[np.intp]
    """Customer of each event, by position."""
    day: NDArray[np.float64]
    bought: NDArray[np.bool_]
    category: NDArray[np.intp]

    def store(self, store: Store, first: float = 0, before: float = END) -> None:
        """Store the customers who joined, and the events that happened, on some days."""
        created = self.people.created
        joined = np.flatnonzero((created < before) & ((created >= first) | (first == 0)))
        told = [
            {"channel": "ads" if self.people.from_ads[one] else "friends", "arm": "AB"[one % 2]}
            for one in joined
        ]
        moments = FIRST + (created[joined] * _DAY).astype("timedelta64[us]")
        people = ArrivingCustomers(
            [SOURCE] * len(joined), [f"{one}" for one in joined], moments, told
        )
        rows = np.flatnonzero((self.day >= first) & (self.day < before))
        nothing = [None] * len(rows)
        happened = ArrivingEvents(
            [SOURCE] * len(rows),
            [f"{row}" for row in rows],
            [f"{one}" for one in self.who[rows]],
            nothing,
            [RESPONSES[0] if one else RESPONSES[1] for one in self.bought[rows]],
            FIRST + (self.day[rows] * _DAY).astype("timedelta64[us]"),
            nothing,
            nothing,
            [{"category": _CATEGORIES[one]} for one in self.category[rows]],
        )
        with store.writing() as session:
            facts.put_customers(session, people)
            facts.put_events(session, happened)

    def joined(self, before: float) -> list[str]:
        """Ids of those who had joined by a day."""
        return [f"{one}" for one in np.flatnonzero(self.people.created < before)]


def simulate(seed: int, world: World = CALM, customers: int = 250) -> Shop:
    """Make up customers and what they do; until `LEARNED` all worlds of a seed are the same.

    Args:
        seed: Of all of it.
        world: What becomes different then.
        customers: How many are there at a time, about.
    """
    rng, later = np.random.default_rng(seed), np.random.default_rng([seed, 1])
    a_day = customers / _STAYS
    before = _arrived(rng, -3 * _STAYS, LEARNED, a_day, CALM)
    after = _arrived(later, LEARNED, END, a_day * world.arrivals, world)
    columns = zip(vars(before).values(), vars(after).values(), strict=True)
    people = _People(*(np.concatenate(pair) for pair in columns))
    parts = zip(
        _happened(rng, people, 0, LEARNED, CALM),
        _happened(later, people, LEARNED, END, world),
        strict=True,
    )
    return Shop(people, *(np.concatenate(pair) for pair in parts))


def _arrived(
    rng: np.random.Generator, first: float, last: float, a_day: float, world: World
) -> _People:
    """Those who joined on some days, but for those who had left before the first day of all."""
    created = np.sort(rng.uniform(first, last, round(a_day * (last - first))))
    ends = created + rng.exponential(_STAYS, len(created))
    created, ends = created[ends > 0], ends[ends > 0]
    count = len(created)
    return _People(
        created,
        ends,
        rng.gamma(1.2, 1 / 30, count),
        rng.random(count) < world.from_ads,
        rng.dirichlet(np.full(len(_CATEGORIES), 0.7), count),
    )


def _happened(
    rng: np.random.Generator, people: _People, first: float, last: float, world: World
) -> tuple[NDArray[Any], ...]:
    """Customer, day, whether something was bought, and category of what happened on some days."""
    level = np.exp(rng.normal(0, world.moves, END // AHEAD))
    # Twice as many as there will be: some months have more than others.
    begins, ends = np.maximum(people.created, first), np.minimum(people.ends, last)
    count = rng.poisson(2 * people.rate * np.clip(ends - begins, 0, None))
    who = np.repeat(np.arange(len(count)), count)
    day = rng.uniform(begins[who], ends[who])
    bought = rng.random(len(who)) < np.where(people.from_ads[who], 0.25, 0.5)
    drawn = rng.random((len(who), 1)) > people.taste[who].cumsum(axis=1)[:, :-1]
    kept = level[(day // AHEAD).astype(int)] * world.activity * np.where(bought, world.buying, 1)
    rows = rng.random(len(who)) < kept / 2
    return who[rows], day[rows], bought[rows], drawn.sum(axis=1)[rows]


def asked(customers: Sequence[str], day: float) -> dict[str, Any]:
    """A question about customers, from a day on."""
    whose = [{"source": SOURCE, "id": one} for one in customers]
    return {"customers": whose, "at": moment_of(day).isoformat()}


def predict(
    store: Store, steps: Steps[CustomerQuestion, Any, Any], customers: Sequence[str], day: float
) -> None:
    """Store what is said of at most 1,000 customers from a day on, as the service does."""
    columns = steps.columns([CustomerQuestion.model_validate(asked(customers, day))])
    said = steps.say(columns, Exchange())
    ids = [new_id() for _ in customers]
    with store.writing() as session:
        for rows in steps.rows(ids, new_id(), columns, lambda: said):
            write(session, [rows])


def moment_of(day: float) -> datetime:
    """The moment at which a day of the shop begins."""
    at: datetime = FIRST.astype(datetime)
    return at.replace(tzinfo=UTC) + timedelta(days=day)
