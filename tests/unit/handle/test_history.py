"""A history in a folder: which of its loads are over, and what its feed answers at a moment."""

from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest

from valuebox.errors import ValueboxError
from valuebox_cli.handle.history import answer_at, loads
from valuebox_training.handle.worlds import WORLDS

NOW = datetime(2026, 11, 27, 14, tzinfo=UTC)


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """A history of three nights, whose feed was asked on two days."""
    for name in ("warehouse", "nightly/2026-11-26", "nightly/2026-11-27", "nightly/2026-11-28"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "feed").mkdir()
    for name in ("2026-11-26T1300.json", "2026-11-27T1800.json"):
        (tmp_path / "feed" / name).touch()
    return tmp_path


def test_loads_that_are_over_are_known_from_their_midnights_on(history: Path) -> None:
    found = [(Path(place).name, f"{at:%d %H:%M}") for place, at in loads(str(history), NOW)]
    # Midnight of EST.
    assert found == [
        ("warehouse", "25 05:00"),
        ("2026-11-26", "26 05:00"),
        ("2026-11-27", "27 05:00"),
    ]
    before = datetime(2026, 11, 20, tzinfo=UTC)
    assert loads(str(history), before) == [(str(history / "warehouse"), before)]


def test_a_single_load_is_known_from_now_on(history: Path) -> None:
    for source in (str(history / "warehouse"), "postgresql://finance@localhost/warehouse"):
        assert loads(source, NOW) == [(source, NOW)]


def test_a_night_that_is_no_day_is_named(history: Path) -> None:
    (history / "nightly" / "yesterday").mkdir()
    with pytest.raises(ValueboxError, match="yesterday: is not named by a day"):
        loads(str(history), NOW)


def test_a_feed_tells_its_next_answer_or_its_last(history: Path) -> None:
    told = [answer_at(history, NOW.replace(day=day)) for day in (25, 26, 27, 30)]
    assert [one.name if one else None for one in told] == [
        "2026-11-26T1300.json",
        "2026-11-26T1300.json",
        "2026-11-27T1800.json",
        "2026-11-27T1800.json",
    ]
    assert answer_at(history / "warehouse", NOW) is None


@pytest.mark.parametrize("day", ["2026-11-30", "2026-12-01", "2020-02-25", "2019-01-01"])
def test_a_world_is_asked_about_from_the_week_of_a_day_on(day: str) -> None:
    began = WORLDS["calm"].begun(date.fromisoformat(day)).days[0]
    assert began.day_name() == "Tuesday"
    assert pd.Timedelta(0) <= pd.Timestamp(day) - began < pd.Timedelta(days=7)
