"""Seeded logs of events as games and shops send them on their worst days.

Two sources know customers by the same ids. Seconds are shared, clocks run ahead, uploads are late
or come twice, sessions run in parallel and over midnight, and properties are spelt in every way.
"""

from datetime import UTC, datetime, timedelta, timezone
from random import Random
from typing import Any

Sent = dict[str, Any]

SOURCES = ("game", "shop")
CUSTOMERS = ("F493", "f493", "7", "Zoë")
# Some ids look like numbers, and like each other where these are read as floats.
SESSIONS = (
    *("K237", "K238", "k", "7", "07", "5e3", "5000"),
    *("76561198000000001", "76561198000000002"),
)
TYPES = (
    *("session_start", "game_start", "game_end", "purchase", "profile"),
    *("offer_shown", "offer_shown", "offer_shown"),
)
# Code points and UTF-16 order the last two differently.
ID_HEADS = ("e", "E", "10", "\uff5e", "\uff5e", "😀", "😀")
# In Berlin and New York clocks change within days of these; a leap day is among them.
STARTS = (
    datetime(2024, 3, 29, 20, tzinfo=UTC),
    datetime(2024, 10, 25, 21, tzinfo=UTC),
    datetime(2024, 2, 28, 22, tzinfo=UTC),
    datetime(2024, 3, 8, 23, tzinfo=UTC),
)
WON = (
    *(True, False, 1, 0, 1.0, "1", "0", "true", "TRUE", " True ", "t", "yes", "Y", "on"),
    *("false", "No", "off", "f", "n", "won", "", " ", "1.0", 2, -1, None, [], [True], {}),
)
NUMBERS = (
    *(
        0,
        1,
        3,
        3.0,
        -2,
        0.1,
        0.2,
        2.5,
        "3",
        " 3 ",
        "3.0",
        "03",
        "1e2",
        "-0",
        -0.0,
        "+4",
        "\uff11\uff12",
    ),
    *("1_000", "1,5", "abc", "", " ", "NaN", "nan", "inf", "-Infinity", "0x10", True, False),
    *(None, [], [1], {"a": 1}, 1e12, -1e12, 999_999_999_999.25, 5e-7, 1.5e-6, 2.5e-6, -5e-7),
    *(1e-9, 123_456.7891234, "12.345678949999"),
)
HUGE = (1e15, -1e15, 9.3e12, "1e18", 2**53 - 1, 2**53, 2**53 + 1, "9007199254740993")
AMOUNTS = (
    *(None, None, None, 0, 0.01, 0.1, 0.2, 4.99, 5, 5.0, 9.99, 19.99, -5, -4.99, 100, 250.5),
    *(1e12, -1e12, 5e-7, 1.5e-6, 2.5e-6, 1e-9, 0.3333333333),
)
TEXTS = {
    "country": ("DE", "DE", "FR", "", " ", "de", None, 1, "1", True, "true", ["DE"], "日本"),
    "offer_type": ("coins", "Gems", "gems", "special offer", "", None, 5, "5", "5.0", {"a": 1}),
    "odd name": ("x", "y", "", None, 1, "1"),
}
LENGTHS = tuple(
    timedelta(**{unit: count})
    for unit, counts in {
        "minutes": (10, 30),
        "hours": (1, 6, 12, 24),
        "days": (2, 3, 7),
    }.items()
    for count in counts
)
"""The lengths of the windows, gaps and lookbacks of `odd_declarations`, whose edges are hit."""
TICK = timedelta(microseconds=1)


def dirty_log(seed: int, huge: bool = True) -> list[Sent]:
    """Events as they would stand in a file of JSON lines, 0 to some 75.

    Args:
        seed: The same makes the same log.
        huge: Whether some numbers in properties go beyond what fits into 64 bits in millionths.
    """
    random = Random(seed)
    start = random.choice(STARTS)
    count = random.choice((0, 1, 2, 5, 20, 40, 60, 60))
    whose = random.sample(CUSTOMERS, random.choice((1, 2, 3)))
    parallel = random.sample(SESSIONS, 5)
    currencies = ("EUR", "USD", None) if seed % 4 == 0 else ("EUR",)
    imported = start + timedelta(days=30) if random.random() < 0.2 else None
    numbers = NUMBERS + HUGE if huge and random.random() < 0.3 else NUMBERS
    log: list[Sent] = []
    times: list[datetime] = []
    for number in range(count):
        times.append(_time(random, start, times))
        event = {
            "source": random.choice(SOURCES[: random.choice((1, 2))]),
            "id": f"{random.choice(ID_HEADS)}{number}",
            "customer": random.choice(whose),
            "session": random.choice(parallel),
            "type": random.choice(TYPES),
            "time": _written(random, times[-1]),
            "amount": random.choice(AMOUNTS),
            "currency": random.choice(currencies),
            "properties": _properties(random, numbers),
            "received_at": _received(random, times[-1], imported),
        }
        _leave_out(random, event)
        log.append(event)
        log.extend(_doubles(random, event, times[-1]))
    # A file is roughly in the order of arrival, or in none.
    if random.random() < 0.5:
        random.shuffle(log)
    return log


def moments_in(seed: int, log: list[Sent]) -> list[datetime]:
    """Moments at which to ask of a log: at its events, when their windows end, and an edge beside.

    Args:
        seed: The same makes the same moments.
        log: From `dirty_log`.
    """
    random = Random(seed)
    times = [datetime.fromisoformat(event["time"]) for event in log] or [STARTS[0]]
    moments = [random.choice(times) + random.choice((-TICK, 0 * TICK, TICK)) for _ in range(2)]
    moments += [random.choice(times) + random.choice(LENGTHS) for _ in range(2)]
    return [*moments, max(times) + timedelta(days=60)]


def _time(random: Random, start: datetime, times: list[datetime]) -> datetime:
    """When an event happens: in a burst, in another's second, or at the edge of a window."""
    kind = random.random()
    if times and kind < 0.25:
        return random.choice(times)
    if times and kind < 0.5:
        return times[-1] + timedelta(seconds=random.choice((1, 5, 60, 600)))
    if times and kind < 0.7:
        edge = random.choice((-1, 1)) * random.choice(LENGTHS)
        return random.choice(times) + edge + random.choice((-1, 0, 1)) * TICK
    if kind < 0.72:
        return start + timedelta(days=random.choice((400, 2_500)))
    if kind < 0.8:
        midnight = start.replace(hour=0) + timedelta(days=random.randrange(6))
        return midnight + timedelta(hours=random.choice((-5, -4, -2, -1, 0, 1, 2)))
    return start + timedelta(seconds=random.randrange(9 * 86_400))


def _received(random: Random, time: datetime, imported: datetime | None) -> str | None:
    """When an event was received: at once, late, before it happened, or with an import."""
    if imported is not None and random.random() < 0.7:
        return _written(random, imported)
    day = timedelta(days=1)
    later = random.choice(
        (
            *(None, None, timedelta(), timedelta(), timedelta(seconds=1), timedelta(seconds=20)),
            *(timedelta(minutes=9), timedelta(hours=5), day - TICK, day, day + TICK, 3 * day),
            *(-TICK, timedelta(seconds=-30), timedelta(hours=-3), -2 * day),
        )
    )
    return None if later is None else _written(random, time + later)


def _written(random: Random, moment: datetime) -> str:
    """A moment as ISO 8601 text, mostly in UTC, at times in a zone of its own."""
    if random.random() < 0.1:
        zone = timezone(timedelta(minutes=random.choice((330, -480))))
        return moment.astimezone(zone).isoformat()
    return moment.isoformat().replace("+00:00", "Z")


def _properties(random: Random, numbers: tuple[Any, ...]) -> Sent | None:
    if random.random() < 0.05:
        return None
    made: Sent = {
        "won": random.choice(WON),
        "score": random.choice(numbers),
        "level": random.choice((1, 2, 2, 3, "2", None)),
        "offer_price": random.choice((4.99, "9.99", 0, -1, "free", None, 19)),
        "offer_purchased": random.choice(WON),
        "paid": random.choice((True, False)),
        **{name: random.choice(values) for name, values in TEXTS.items()},
    }
    return {name: value for name, value in made.items() if random.random() < 0.75}


def _leave_out(random: Random, event: Sent) -> None:
    """Take away what may be missing; either a customer or a session stays."""
    if random.random() < 0.2:
        event["session"] = None
    elif random.random() < 0.1:
        event["customer"] = None
    if random.random() < 0.1:
        event["id"] = None
    for name in ("id", "customer", "session", "amount", "currency", "properties", "received_at"):
        if event[name] is None and random.random() < 0.5:
            del event[name]


def _doubles(random: Random, event: Sent, time: datetime) -> list[Sent]:
    """The same event once more: with other content under its id, or just so."""
    kind = random.random()
    if kind < 0.08:
        changed = event | {
            "type": random.choice(TYPES),
            "amount": random.choice(AMOUNTS),
            "time": _written(random, time + random.choice((0, 0, 1, -1)) * random.choice(LENGTHS)),
            "received_at": _received(random, time, None),
        }
        return [changed]
    if kind < 0.14:
        without = {name: value for name, value in event.items() if name != "id"}
        return [without, dict(without), without | {"received_at": _received(random, time, None)}]
    return [dict(event)] if kind < 0.18 else []
