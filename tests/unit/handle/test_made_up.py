"""Commands on made-up histories: when loads begin, and what is refused before anything is done."""

from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from support.commands import valuebox

from valuebox_cli.handle import made_up
from valuebox_cli.handle.history import nights


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--seed", "-1"), "--seed"),
        (("--begin", "0001-01-05"), "--begin: 0001-01-05 is in no year from 1980 to 2150"),
        (("--begin", "9999-12-31"), "is in no year"),
        (("--begin", "soon"), "'soon' is no day"),
    ],
)
def test_a_history_that_cannot_be_is_refused(
    tmp_path: Path, options: tuple[str, ...], told: str
) -> None:
    _, complaint = valuebox("handle", "simulate", tmp_path / "history", *options, exit_code=2)
    assert told in complaint
    assert not (tmp_path / "history").exists()


# Weeks of the schedule begin on a Tuesday.
@pytest.mark.parametrize("day", [date(2026, 12, 1), date(2026, 12, 2), date(2026, 12, 3)])
def test_what_was_said_two_days_ago_can_be_asked_on_any_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, day: date
) -> None:
    class Today(date):
        @classmethod
        def today(cls) -> date:
            return day

    monkeypatch.setattr(made_up, "date", Today)
    valuebox("handle", "simulate", tmp_path / "history", "--bets", 1000)
    # Nowhere does that day begin earlier.
    now = datetime(day.year, day.month, day.day, tzinfo=timezone(timedelta(hours=14)))
    first_load = nights(tmp_path / "history")[0].at - timedelta(days=1)
    assert first_load <= now.astimezone(UTC) - timedelta(days=2)
    assert nights(tmp_path / "history")[-1].at > now + timedelta(weeks=4)


@pytest.mark.parametrize("answer", ['{"events": [', "[1, 2]", '{"events": 5}'])
def test_a_feed_whose_answer_cannot_be_read_is_named(tmp_path: Path, answer: str) -> None:
    (tmp_path / "feed").mkdir()
    (tmp_path / "feed" / "2020-02-25T0900.json").write_text(answer)
    _, complaint = valuebox("handle", "feed", tmp_path, exit_code=2)
    assert "2020-02-25T0900.json: holds no answer with a list of events" in complaint
