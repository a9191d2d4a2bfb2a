"""Tests of what forecasts show: chance is left in peace, and what has moved is told."""

from collections.abc import Iterable

import numpy as np
import pytest

from valuebox.compartments.handle.watching.evidence import signals_of
from valuebox.compartments.handle.watching.signals import Signal
from valuebox.compartments.handle.watching.vintages import Vintages

WEEKS, MATCHES = 26, 6
LEADS = {"earlier": 4, "up to 4 days": 2, "match day": 0}
COMMON, OWN = 0.12, 0.2
MOVES = {**dict.fromkeys(LEADS, 0.15), "bets": 0.2}
"""By how much weeks move, in logarithms, with what is left of single matches."""


def half_a_year(seed: int, **moved: float) -> Vintages:
    """Forecasts of matches on three days before each, of which errors of a week are alike.

    Args:
        seed: Of chance.
        moved: `bias` of the last ten weeks, in logarithms; by how many times handles are `wider`;
            `momentum` of revisions, of which half is in the next again; `bets` of late.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for week in range(WEEKS):
        late = week >= WEEKS - 10
        common = rng.normal(0, COMMON) + moved.get("bias", 0.0) * late
        for match in range(MATCHES):
            truth = np.log(200_000) + rng.normal(0, 0.5)
            actual = truth + common + rng.normal(0, OWN) * moved.get("wider", 1.0)
            said, step = truth, 0.0
            for place, (lead, days) in enumerate(LEADS.items()):
                revised = 0.0 if place == 0 else rng.normal(0, 0.05)
                step = revised + moved.get("momentum", 0.0) * step if place else revised
                if place == 1 and "momentum" in moved:
                    step += 0.05 * (1 if week % 2 else -1)
                said += step
                share = 0.1 + 0.2 * place
                bets = rng.normal(0, 0.15) + moved.get("bets", 0.0) * late
                day, before = week * 7.0 + 4, np.exp(truth)
                known = before * share * np.exp(bets)
                rows.append(
                    (f"{week}-{match}", lead, day, day - days, said, actual, known, before, share)
                )
    match, lead, kickoff, loaded, said, actual, known, before, share = map(
        np.array, zip(*rows, strict=True)
    )
    begin, a_day = np.datetime64("2026-01-06T20:00:00", "s"), np.timedelta64(86_400, "s")
    reach = 1.645 * np.hypot(COMMON, OWN)
    forecast = np.exp(said)
    previous = np.where(lead == "earlier", np.nan, np.roll(forecast, 1))
    return Vintages(
        match=match,
        lead=lead.astype(object),
        kickoff=begin + kickoff.astype(np.int64) * a_day,
        loaded_to=begin + loaded.astype(np.int64) * a_day - a_day,
        forecast=forecast,
        lower=forecast * np.exp(-reach),
        upper=forecast * np.exp(reach),
        known=known,
        before_bets=before,
        known_share=share,
        broken=np.full(len(match), moved.get("broken", 0.04)),
        slot_mean=np.full(len(match), 220_000.0),
        last_three=np.full(len(match), 220_000.0),
        pick_up=known / share * (moved.get("better", 1.0) or np.nan),
        forest=np.full(len(match), 220_000.0),
        previous=previous,
        actual=np.exp(actual),
    )


def crossed(tests: Iterable[Signal]) -> set[str]:
    """The names of tests whose evidence is beyond its limit."""
    return {one.name for one in tests if one.finding.crossed}


def test_worlds_in_which_nothing_moves_are_left_in_peace() -> None:
    found = [crossed(signals_of(half_a_year(seed), MOVES)) for seed in range(60)]
    # Of 60 half years, with a false alarm of each of four sums once in a thousand weeks.
    assert sum(map(bool, found)) <= 6


@pytest.mark.parametrize(
    ("moved", "told"),
    [
        ({"bias": 0.4}, "weeks off"),
        ({"bias": -0.4}, "weeks off"),
        ({"wider": 3.0}, "missed by intervals"),
        ({"bets": -0.5}, "bets so far"),
        ({"broken": 0.9999}, "broken level"),
        ({"momentum": 0.9}, "foretold revisions"),
    ],
)
def test_what_moves_is_told(moved: dict[str, float], told: str) -> None:
    for seed in range(5):
        found = crossed(signals_of(half_a_year(seed, **moved), MOVES))
        assert told in found


def test_a_single_bad_match_is_no_evidence() -> None:
    said = half_a_year(0)
    said.actual[said.match == said.match[-1]] *= 30
    assert crossed(signals_of(said, MOVES)) == set()


@pytest.mark.parametrize(("loads", "told"), [(1, set()), (3, {"broken level"})])
def test_a_break_is_told_once_three_loads_agree(loads: int, told: set[str]) -> None:
    said = half_a_year(0)
    some = np.unique(said.loaded_to)[-6 : -6 + loads]
    said.broken[np.isin(said.loaded_to, some)] = 0.9999
    assert crossed(signals_of(said, MOVES)) == told


def test_a_forecast_that_simple_ones_beat_week_after_week_is_told() -> None:
    said = half_a_year(0)
    said.slot_mean[:] = said.actual * 1.01
    assert crossed(signals_of(said, MOVES)) == {"weeks worse than slot mean"}
