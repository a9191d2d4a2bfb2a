"""An imaginary subscription site: who joins, what they pay, what they are worth.

Every user goes through the same steps: join, pay a trial or the monthly price, perhaps cancel
within four days (all of that is seen), then renew, convert late, come back, ask for the money
back or buy extras until about day 65 (only the sum of that is seen, as `target`). Conversion
and renewal drift mildly over the months.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit

from valuebox.statistics.arrays import Floats
from valuebox_training.ltv.oracle import given_what_is_known
from valuebox_training.ltv.population import (
    CONVERTED_PREPAID,
    CURRENCY,
    HOURS,
    PLANS,
    SEGMENTS,
    THREE_DOLLARS_PREPAID,
    TRIAL_3,
    WEEKDAYS,
    Plan,
)
from valuebox_training.ltv.worlds import END, START, TEST, VALID, WORLDS, OverTime, World

_MEAN_ID_GAP = 3


@dataclass(frozen=True)
class Part:
    """The users of one file."""

    users: pd.DataFrame
    """Users, one row each: the columns of the file and `target`."""
    oracle: Floats
    """What each user is expected to be worth, given what is known at day 4: `(n_users,)`."""


@dataclass(frozen=True)
class Simulation:
    """Three consecutive periods: December to June, July, August."""

    train: Part
    valid: Part
    test: Part

    def write(self, out_dir: Path, oracle: bool = False) -> dict[str, int]:
        """Write train.csv, valid.csv and test.csv, the last one without `target`.

        Args:
            out_dir: Made if it is not there.
            oracle: Also write oracle-train.csv, oracle-valid.csv and oracle-test.csv.

        Returns:
            The number of users by file name.
        """
        out_dir.mkdir(parents=True, exist_ok=True)
        files: dict[str, pd.DataFrame] = {}
        for name, part in (("train", self.train), ("valid", self.valid), ("test", self.test)):
            hidden = ["target"] if part is self.test else []
            files[f"{name}.csv"] = part.users.drop(columns=hidden)
            if oracle:
                known = part.users[["user_id"]].assign(oracle=part.oracle.round(6))
                files[f"oracle-{name}.csv"] = known
        for file, users in files.items():
            users.to_csv(out_dir / file, index=False, na_rep="NA", date_format="%Y-%m-%d %H:%M:%S")
        return {file: len(users) for file, users in files.items()}


def simulate(users_per_day: float, seed: int, world: str = "site") -> Simulation:
    """Simulate all joins from December 2018 to August 2019.

    Args:
        users_per_day: Mean number of joins a day.
        seed: The same seed gives the same users.
        world: What the site is like; a key of `WORLDS`.
    """
    site = WORLDS[world]
    rng = np.random.default_rng(seed)
    users = _joins(rng, users_per_day, site)
    users = _traits(rng, users, site)
    users, plans = _first_payments(rng, users, site)
    users, oracle = _later_payments(rng, users, plans, site)
    joined = users["join_date"]
    periods = (joined < VALID, (joined >= VALID) & (joined < TEST), joined >= TEST)
    if site.gaps.shares:
        complete = users.copy()
        for rows in periods[2:] if site.gaps.test_only else periods:
            users = _take_away(rng, users, rows, site.gaps.shares)
        oracle = given_what_is_known(complete, oracle, users)
    return Simulation(
        *(Part(users[rows].reset_index(drop=True), oracle[rows.to_numpy()]) for rows in periods)
    )


def _joins(rng: np.random.Generator, users_per_day: float, world: World) -> pd.DataFrame:
    days = pd.date_range(world.start, END, inclusive="left")
    rates = np.array(WEEKDAYS)[days.day_of_week] / np.mean(WEEKDAYS)
    # Days differ by more than chance: advertising comes and goes.
    waves = np.convolve(rng.normal(0, 0.2, len(days) + 6), np.ones(7) / 7, mode="valid")
    counts = rng.poisson(users_per_day * rates * np.exp(waves))
    n_users = int(counts.sum())
    hours = rng.choice(24, n_users, p=np.array(HOURS) / sum(HOURS))
    seconds = hours * 3600 + rng.integers(0, 3600, n_users)
    joined = np.repeat(days.to_numpy("datetime64[s]"), counts) + seconds.astype("timedelta64[s]")
    gaps = rng.geometric(1 / _MEAN_ID_GAP, n_users)
    return pd.DataFrame({"user_id": 100_000 + np.cumsum(gaps), "join_date": np.sort(joined)})


def _traits(rng: np.random.Generator, users: pd.DataFrame, world: World) -> pd.DataFrame:
    joined = users["join_date"].to_numpy()
    names = np.array(list(SEGMENTS))
    shares = np.tile([segment.share for segment in SEGMENTS.values()], (len(users), 1))
    for name, shift in world.shares.items():
        shares[:, list(SEGMENTS).index(name)] *= np.exp(_at(shift, users))
    for name, day in world.appears.items():
        shares[joined < day.to_datetime64(), list(SEGMENTS).index(name)] = 0
    users["country_segment"] = world.only or names[_draw_each(rng, shares)]
    hidden = _log_odds(_of_segment(users, "hidden")) + _at(world.hidden, users)
    users["hidden"] = _bernoulli(rng, expit(hidden))
    prepaid = np.where(users["hidden"] == 1, 0.997, _of_segment(users, "prepaid"))
    users["credit_card_level"] = np.where(_bernoulli(rng, prepaid) == 1, "prepaid", "standard")
    is_lp = _log_odds(_of_segment(users, "is_lp")) + _at(world.is_lp, users)
    users["is_lp"] = _bernoulli(rng, expit(is_lp))
    ppl = np.array([segment.ppl for segment in SEGMENTS.values()])[_segment_codes(users)]
    users["aff_type"] = np.where(
        _bernoulli(rng, ppl[np.arange(len(users)), users["is_lp"]]) == 1, "PPL", "PPS"
    )
    other = (users["is_lp"] == 0) & (rng.random(len(users)) < 0.0022)
    users.loc[other, "aff_type"] = "Other"
    return users


def _first_payments(
    rng: np.random.Generator, users: pd.DataFrame, world: World
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What is paid and cancelled within four days; also the plan behind it, row by row."""
    prepaid = (users["credit_card_level"] == "prepaid").to_numpy()
    hidden = (users["hidden"] == 1).to_numpy()
    friday_or_saturday = users["join_date"].dt.day_of_week.isin([4, 5]).to_numpy()
    base = np.where(prepaid, CONVERTED_PREPAID, _of_segment(users, "converted"))
    log_odds = _log_odds(base) + 0.08 * friday_or_saturday + _at(world.conversion, users)
    converted = ~hidden & (rng.random(len(users)) < expit(log_odds))
    three = np.where(prepaid, THREE_DOLLARS_PREPAID, _of_segment(users, "three_dollars"))
    trial_3 = ~hidden & ~converted & (rng.random(len(users)) < three)

    plans = pd.DataFrame({name: np.zeros(len(users)) for name in ("trial", "monthly", "cancels")})
    cards = {"standard": ~hidden & ~prepaid, "prepaid": ~hidden & prepaid}
    for card, has_card in cards.items():
        _assign(rng, plans, has_card & trial_3, [(1.0, TRIAL_3[card])])
        _assign(rng, plans, has_card & converted, PLANS[f"{card}, converted"])
        left = has_card & ~converted & ~trial_3
        _assign(rng, plans, left, PLANS[f"{card}, not converted"])
    _assign(rng, plans, hidden, PLANS["hidden"])

    plans["monthly"] *= _at(world.price, users)
    factor = np.where(hidden, 1.0, _of_segment(users, "cancels"))
    users["STV"] = ((plans["trial"] + plans["monthly"]) * CURRENCY).round(6)
    users["is_cancelled"] = _bernoulli(rng, np.minimum(plans["cancels"] * factor, 0.985))
    return users, plans


def _later_payments(
    rng: np.random.Generator, users: pd.DataFrame, plans: pd.DataFrame, world: World
) -> tuple[pd.DataFrame, Floats]:
    """What follows until day 65, drawn and expected; both include `STV`."""
    monthly = plans["monthly"].to_numpy()
    paid_monthly = monthly > 0
    cancelled = (users["is_cancelled"] == 1).to_numpy()
    hidden = (users["hidden"] == 1).to_numpy()
    prepaid = (users["credit_card_level"] == "prepaid").to_numpy()
    lp_ppl = ((users["is_lp"] == 1) & (users["aff_type"] == "PPL")).to_numpy()
    level = _at(world.price, users)
    price = np.where(paid_monthly, monthly, 39.95 * level)

    # Effects that need each other: cards matter differently by price and by traffic source.
    quality = (
        _of_segment(users, "renews")
        + 0.30 * (users["aff_type"] == "PPS").to_numpy()
        - 0.35 * lp_ppl
        - 0.75 * prepaid * (plans["trial"].to_numpy() == 0)
        - 0.04 * (price / level - 39.95)
        + _at(world.renewal, users)
    )
    late = np.where(plans["trial"] == 3.0, -0.75, -2.55) + 0.5 * (
        quality + _at(world.conversion, users)
    )
    late = np.where(cancelled, -4.6, late) - 1.2 * hidden
    late_chance = np.where(paid_monthly, 0.0, expit(late))
    second_chance = expit(np.where(cancelled, -3.1, -0.12) + quality)
    third_chance = expit(np.where(cancelled, -1.5, -0.95) + 0.8 * quality)
    refund_chance = np.where(paid_monthly, 0.030, 0.001)
    extra_chance = np.where(cancelled | hidden, 0.001, 0.012)
    extra_price = 9.95

    # A late first month leaves time for one more; an early one for two.
    first = np.where(paid_monthly, True, rng.random(len(users)) < late_chance)
    second = first & (rng.random(len(users)) < second_chance)
    third = paid_monthly & second & (rng.random(len(users)) < third_chance)
    refunded = rng.random(len(users)) < refund_chance
    extra = rng.random(len(users)) < extra_chance
    refund = np.where(paid_monthly, monthly, plans["trial"])
    later = price * ((first & ~paid_monthly).astype(float) + second + third)
    dollars = np.where(refunded, -refund, later) + extra_price * extra

    first_chance = np.where(paid_monthly, 1.0, late_chance)
    third_given_second = np.where(paid_monthly, third_chance, 0.0)
    months = late_chance + first_chance * second_chance * (1 + third_given_second)
    expected = (
        (1 - refund_chance) * price * months - refund_chance * refund + extra_price * extra_chance
    )
    stv = users["STV"].to_numpy()
    # Adding 0 turns the -0.0 of a refunded trial into 0.0.
    users["target"] = (stv + CURRENCY * dollars).round(6) + 0.0
    columns = ["user_id", "join_date", "hidden", "STV", "credit_card_level", "is_lp", "aff_type"]
    return users[[*columns, "is_cancelled", "country_segment", "target"]], stv + CURRENCY * expected


def _take_away(
    rng: np.random.Generator,
    users: pd.DataFrame,
    rows: "pd.Series[bool]",
    shares: Mapping[str, float],
) -> pd.DataFrame:
    flags = ["hidden", "is_lp", "is_cancelled"]
    users = users.astype(dict.fromkeys(flags, "Int64"))
    for name, share in shares.items():
        taken = rows.to_numpy().copy()
        taken[taken] = rng.random(int(rows.sum())) < share
        users[name] = users[name].mask(taken)
    return users


def _assign(
    rng: np.random.Generator,
    plans: pd.DataFrame,
    who: NDArray[np.bool_],
    choices: list[tuple[float, Plan]],
) -> None:
    weights = np.array([weight for weight, _ in choices])
    table = np.array([(plan.trial, plan.monthly, plan.cancels) for _, plan in choices])
    drawn = rng.choice(len(choices), int(who.sum()), p=weights / weights.sum())
    plans.loc[who, ["trial", "monthly", "cancels"]] = table[drawn]


def _segment_codes(users: pd.DataFrame) -> NDArray[np.intp]:
    return pd.Categorical(users["country_segment"], list(SEGMENTS)).codes.astype(np.intp)


def _of_segment(users: pd.DataFrame, name: str) -> Floats:
    values = np.array([getattr(segment, name) for segment in SEGMENTS.values()], dtype=float)
    return values[_segment_codes(users)]


def _at(shift: OverTime, users: pd.DataFrame) -> Floats:
    days = (users["join_date"] - START) / pd.Timedelta(days=1)
    return shift(np.asarray(days, dtype=np.float64))


def _draw_each(rng: np.random.Generator, weights: Floats) -> NDArray[np.intp]:
    """A column for each row, drawn with the row's weights: `(n_rows,)`."""
    limits = np.cumsum(weights, axis=1)
    points = rng.random(len(weights)) * limits[:, -1]
    drawn: NDArray[np.intp] = (points[:, None] >= limits).sum(axis=1)
    return drawn


def _bernoulli(rng: np.random.Generator, chance: Any) -> NDArray[np.int64]:
    return (rng.random(len(chance)) < np.asarray(chance)).astype(np.int64)


def _log_odds(chance: Floats) -> Floats:
    found: Floats = logit(np.clip(chance, 1e-6, 1 - 1e-6))
    return found
