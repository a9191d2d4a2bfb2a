"""The schedule that a simulated sportsbook plays: what is awkward about it, and whose it is."""

from pathlib import Path

import pandas as pd
import pytest

from valuebox.errors import ValueboxError
from valuebox_training.handle.schedule import made_up, read
from valuebox_training.handle.simulate import simulate
from valuebox_training.handle.worlds import World


def test_a_seed_makes_the_same_schedule_again_and_another_seed_another() -> None:
    assert made_up(3).equals(made_up(3))
    assert not made_up(3).equals(made_up(4))


@pytest.mark.parametrize("seed", range(4))
def test_it_is_as_awkward_as_schedules_of_warehouses(seed: int) -> None:
    found = made_up(seed)
    assert found["event_id"].is_unique
    teams = pd.concat(
        [
            found[["week_start", "game_day", name]].set_axis(["week", "day", "team"], axis=1)
            for name in ("home_team", "away_team")
        ]
    )
    # Nobody plays twice a day, some twice a week, one pair even against each other.
    assert not teams.duplicated(["day", "team"]).any()
    assert teams.duplicated(["week", "team"]).sum() > 2
    assert found.duplicated(["week_start", "home_team", "away_team"]).sum() == 1
    assert (found["home_team"] != found["home_team"].str.strip()).any()
    assert found["day_of_week"].str.len().eq(9).all()
    starts = found["game_start_time"].str[11:]
    assert {"00:00:00.000", "02:47:00.000", "13:04:51.208"} <= set(starts)
    assert set(pd.to_datetime(found["week_start"]).dt.day_name()) == {"Tuesday"}
    assert not pd.to_datetime(found["game_day"]).dt.month.between(8, 12).any()


def test_another_schedule_is_read_and_played(tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    mine = made_up(1).assign(home_team="Mine", time_slot="noon")
    mine.to_csv(file, index=False)
    small = World("small", bets=2_000, users=300, early_users=100)
    played = simulate(small, read(file))
    assert set(played.events["home_team"]) == {"Mine"}
    assert len(played.wagers) > 1_000


def test_a_schedule_that_cannot_be_played_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    made_up(0).drop(columns="time_slot").to_csv(file, index=False)
    with pytest.raises(ValueboxError, match="time_slot"):
        read(file)
    with pytest.raises(ValueboxError, match="there"):
        read(tmp_path / "not-there.csv")
    with pytest.raises(ValueboxError, match="no match"):
        simulate(World("small"), made_up(0).head(50))
