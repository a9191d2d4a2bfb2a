"""A game's log, made up: sessions of games, offers and purchases, some of it received late.

The same seed makes the same log. A player's sessions follow one another, and the log is shorter
than the lookback of the declaration: both spare those who write the features by hand.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

DAYS: Final = 84
SECOND: Final = 1_000_000
FIRST: Final = int(np.datetime64("2025-01-06", "us").astype(np.int64))
SPAN: Final = DAYS * 86_400 * SECOND
LATE: Final = 0.05
"""Share of events that are received hours later rather than within two seconds."""
DOUBLED: Final = 0.001
"""Share of events that are sent twice."""
OFFERS: Final = 0.413
"""Offers by session: one event of twelve or so."""
TYPES: Final = ["launch", "game_start", "game_end", "offer_shown", "purchase"]
LAUNCH, START, END, OFFER, PURCHASE = range(5)
COUNTRIES: Final = ["DE", "FR", "US", "BR", "JP", "IN", "GB", "ES", "IT", "PL", "SE", "TR"]
PRICES: Final = ["0.99", "1.99", "4.99", "9.99", "19.99"]
WON: Final = ["1", "0", "true", "false"]
ROW_GROUP: Final = 1 << 19


@dataclass(frozen=True)
class Size:
    """How much is made up."""

    events: int
    customers: int
    bot: int = 0
    """Further events of a single customer."""


def write_log(file: Path, size: Size, seed: int = 0) -> None:
    """Write a log to a Parquet file, in the order in which it was received."""
    rng = np.random.default_rng([seed, size.events])
    whom, sessions = _sessions(rng, size)
    pq.write_table(_table(rng, whom, sessions, seed, size), file, row_group_size=ROW_GROUP)


def _sessions(rng: np.random.Generator, size: Size) -> tuple[NDArray[Any], NDArray[Any]]:
    """Player of each session, a bot behind the others, and when each begins in microseconds."""
    # Some play ten times as much as others; a session has five events on average.
    weight = rng.lognormal(0, 1, size.customers)
    count = 1 + rng.poisson(weight / weight.sum() * (size.events / 5 - size.customers))
    whom = np.repeat(np.arange(size.customers + 1), np.append(count, size.bot // 5))
    begins = FIRST + np.sort(rng.integers(0, SPAN - 7_200 * SECOND, len(whom)))
    order = np.argsort(rng.permutation(whom), kind="stable")
    return whom, begins[order]


def _table(
    rng: np.random.Generator, whom: NDArray[Any], begins: NDArray[Any], seed: int, size: Size
) -> pa.Table:
    games = np.minimum(rng.geometric(0.57, len(whom)), 9)
    has_offer = rng.random(len(whom)) < OFFERS
    buys = has_offer & (rng.random(len(whom)) < 0.2)
    length = 1 + 2 * games + has_offer + buys
    session = np.repeat(np.arange(len(whom)), length)
    place = np.arange(len(session)) - np.repeat(np.cumsum(length) - length, length)
    of_games = np.repeat(2 * games, length)
    kind = np.where(place == 0, LAUNCH, np.where(place % 2 == 1, START, END))
    kind[(place > of_games)] = OFFER
    kind[(place > of_games + 1)] = PURCHASE
    # Sessions that would overlap are cut short: a player's next one ends the one before.
    room = np.append(np.where(np.diff(whom) == 0, np.diff(begins), 7_200 * SECOND), 7_200 * SECOND)
    step = np.minimum(rng.exponential(90 * SECOND, len(whom)) + SECOND, room / (length + 1))
    time = (begins[session] + place * step[session]).astype(np.int64)
    # Bought within the second of the offer, as the clocks of games say.
    time = np.where(kind == PURCHASE, np.roll(time, 1), time)
    delay = rng.integers(0, 2 * SECOND, len(time))
    is_late = rng.random(len(time)) < LATE
    delay[is_late] += (rng.exponential(6 * 3_600, int(is_late.sum())) * SECOND).astype(np.int64)
    received = time + delay
    rows = np.concatenate([np.arange(len(time)), np.flatnonzero(rng.random(len(time)) < DOUBLED)])
    received = np.append(received, received[rows[len(time) :]] + 3_600 * SECOND)
    order = np.argsort(received, kind="stable")
    rows, received = rows[order], received[order]
    number = np.arange(len(time), dtype=np.uint64) + np.uint64(seed << 32)
    # A step that shares no factor with the modulus meets every number once.
    ids = number * np.uint64(0x9E3779B97F4A7C15)
    kind, session = kind[rows], session[rows]
    price = rng.integers(len(PRICES), size=len(time))
    price = np.where(kind == PURCHASE, price[rows - 1], price[rows])
    countries = rng.integers(len(COUNTRIES), size=size.customers + 1)
    country = np.where(rng.random(len(rows)) < 0.02, 3, countries[whom[session]])
    method = rng.integers(3, size=len(whom))[session]
    is_end, is_sale = kind == END, (kind == OFFER) | (kind == PURCHASE)
    amount = np.array([float(one) for one in PRICES])[price]
    return pa.table(
        {
            "source": _texts(np.zeros(len(rows), np.int32), ["game"]),
            "id": _hexadecimal(ids[rows]),
            "customer": _numbered(f"p{seed}-", whom[session]),
            "session": _numbered(f"s{seed}-", session),
            "type": _texts(kind, TYPES),
            "time": pa.array(time[rows], pa.timestamp("us", "UTC")),
            "received_at": pa.array(received, pa.timestamp("us", "UTC")),
            "amount": pa.array(amount, mask=kind != PURCHASE),
            "won": _texts(rng.integers(len(WON), size=len(rows)), WON, is_end),
            "country": _texts(country, COUNTRIES, kind == LAUNCH),
            "signin_method": _texts(
                method, ["guest", "google", "facebook_or_mail"], kind == LAUNCH
            ),
            "offer_type": _texts(price, ["coins", "lives", "boost", "skin", "box"], kind == OFFER),
            "offer_price": _texts(price, PRICES, is_sale),
            "txn_amount": _texts(price, PRICES, kind == PURCHASE),
            "device": _numbered("device-", whom[session] % 997),
            "level": pa.array(rng.integers(1, 400, len(rows))),
        }
    )


def _texts(codes: NDArray[Any], values: list[str], there: NDArray[Any] | None = None) -> pa.Array:
    """Texts of which there are few."""
    mask = None if there is None else ~there
    return pa.array(values).take(pa.array(codes.astype(np.int32), mask=mask))


def _numbered(prefix: str, numbers: NDArray[Any]) -> pa.Array:
    return pc.binary_join_element_wise(prefix, pa.array(numbers).cast(pa.string()), "")


def _hexadecimal(numbers: NDArray[np.uint64]) -> pa.Array:
    """Sixteen digits of each."""
    octets = numbers.astype(">u8").view(np.uint8).reshape(-1, 8)
    digits = np.frombuffer(b"0123456789abcdef", np.uint8)[
        np.stack([octets >> 4, octets & 15], axis=2).reshape(-1, 16)
    ]
    ends = np.arange(len(numbers) + 1, dtype=np.int32) * 16
    return pa.StringArray.from_buffers(
        len(numbers), pa.py_buffer(ends), pa.py_buffer(np.ascontiguousarray(digits))
    )
