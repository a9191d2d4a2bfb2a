"""A customer with more events than any human has: time and memory stay bounded, and rows right."""

import tracemalloc
from datetime import UTC, datetime
from time import process_time
from typing import Any

import numpy as np
import pytest

from valuebox.errors import ValueboxError
from valuebox.features.declared import told
from valuebox.features.declared.building import Table, build, listed
from valuebox.features.declared.columns import Coded
from valuebox.features.declared.declaration import Declaration
from valuebox.features.declared.events import Events

NOW = datetime(2025, 1, 1, tzinfo=UTC)
MINUTE = 60_000_000
FIELDS = {"events": {"count": True}, "kinds": {"distinct": "kind"}, "latest": {"last": "kind"}}


def bot(count: int, per_session: int, late: float = 0.0) -> Events:
    """Events of one customer, one a minute, of which some arrive up to two hours late."""
    rng = np.random.default_rng(7)
    place = np.arange(count)
    time = 1_700_000_000_000_000 + place * MINUTE
    arrived = time + (rng.random(count) < late) * rng.integers(1, 120, count) * MINUTE
    session = place // per_session
    same = np.zeros(count, dtype=np.int64)
    return Events(
        Coded(same, ["game"]),
        np.array([f"e{one:06}" for one in range(count)]),
        Coded(same, ["bot"]),
        Coded(session, [f"s{one}" for one in range(int(session.max()) + 1)]),
        Coded(same, ["x"]),
        time,
        arrived,
        np.ones(count),
        Coded(same - 1, []),
        lambda name: Coded(place % 20, [f"k{one}" for one in range(20)]),
    )


def table(events: Events, **said: Any) -> Table:
    whole = {"name": "t", "anchor": {"type": "x"}, "field": FIELDS, **said}
    return build(Declaration.model_validate(whole), events, None, NOW)


def column(found: Table, name: str) -> list[Any]:
    return listed(found.columns[name])


@pytest.mark.parametrize(
    "split", [{"by": "session"}, {"change": "session"}, {"gap": "30 seconds"}, {"day": "UTC"}]
)
def test_a_thousand_blocks_back_take_little_memory(split: dict[str, str]) -> None:
    events = bot(10_000, 3, late=0.02)
    tracemalloc.start()
    found = table(events, split=split, window={"last": {"blocks": -1000}})
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 200e6
    if "by" in split:
        # Of a thousand sessions of three events a few had not arrived.
        assert 2_900 < column(found, "last.events")[-1] <= 3_000


def test_sessions_that_are_all_open_are_looked_at_in_portions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    events = bot(600, 3)
    events = Events(
        **{**vars(events), "session": Coded(np.arange(600) % 200, [f"s{n}" for n in range(200)])}
    )
    said = {"split": {"by": "session"}, "window": {"last": {"blocks": -50}}}
    wanted = table(events, **said)
    monkeypatch.setattr("valuebox.features.declared.working._AT_ONCE", 1_000)
    found = table(events, **said)
    for name in ("last.events", "last.kinds", "last.latest"):
        assert column(found, name) == column(wanted, name)
    # Of the last fifty sessions before the last event each has had two or three.
    assert 100 <= column(found, "last.events")[-1] <= 150


def test_one_block_of_everything_is_left_out_at_once() -> None:
    tracemalloc.start()
    found = table(
        bot(20_000, 20_000),
        split={"by": "session"},
        window={"before": {"days": -7, "own": False}},
    )
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert set(column(found, "before.events")) == {0}
    assert most < 100e6


def test_a_lookback_does_not_tell_blocks_anew_for_each_anchor() -> None:
    events = bot(6_000, 3, late=0.02)
    split = {"when": "block(events) >= 3"}
    window = {"last": {"blocks": -2}}
    began = process_time()
    table(events, split=split, window=window)
    without = process_time() - began
    began = process_time()
    found = table(events, split=split, window=window, lookback="40 hours")
    assert process_time() - began < 20 * without + 1
    assert column(found, "last.events")[-1] == 6


def test_blocks_that_are_told_over_and_over_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(told, "_MOST_AGAIN", 10_000)
    with pytest.raises(ValueboxError, match="leave `lookback` out"):
        table(
            bot(1_000, 3),
            split={"when": "block(silence) > 3600"},
            window={"last": {"blocks": -2}},
            lookback="5 hours",
        )


def test_different_values_are_counted_alike_with_and_without_late_events(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    events, window = bot(2_000, 3, late=0.05), {"days": {"days": -1}, "hours": {"hours": -1}}
    wanted = table(events, window=window)
    monkeypatch.setattr("valuebox.features.declared.figures._AT_ONCE", 1_000)
    found = table(events, window=window)
    for name in ("days.kinds", "hours.kinds"):
        assert column(found, name) == column(wanted, name)
    assert len(set(column(found, "hours.kinds"))) > 3


@pytest.mark.parametrize(
    "split", [{"by": "session"}, {"gap": "30 seconds"}, {"when": "block(events) >= 1"}]
)
def test_a_customer_of_very_many_blocks(split: dict[str, str]) -> None:
    began = process_time()
    found = table(bot(50_000, 1), split=split, window={"last": {"blocks": -1000}})
    assert column(found, "last.events")[-1] == 1_000
    assert column(found, "last.kinds")[-1] == 20
    assert process_time() - began < 20
