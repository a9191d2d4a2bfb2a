"""A history that is forecast once more, by what was loaded and what a feed said at each asking."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from valuebox.errors import ValueboxError
from valuebox_cli.handle.replay import Replayed, replay
from valuebox_training.handle.schedule import made_up
from valuebox_training.handle.simulate import simulate
from valuebox_training.handle.warehouse import write
from valuebox_training.handle.worlds import World

ASKED = ("2020-03-03", "2020-03-16")
FORETOLD = ["forecast", "lower", "upper"]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A history of few matches, asked about on twelve days; never changed."""
    folder = tmp_path_factory.mktemp("history")
    schedule = made_up(0)
    kickoff = pd.to_datetime(schedule["game_day"])
    schedule = schedule[(kickoff > "2019-06-10") & (kickoff < "2020-03-20")]
    world = World("small", bets=3_000, users=400, early_users=200, asked=ASKED)
    write(simulate(world, schedule), folder)
    return folder


@pytest.fixture(scope="module")
def alone(written: Path, tmp_path_factory: pytest.TempPathFactory) -> Replayed:
    """Its forecasts without a feed."""
    folder = tmp_path_factory.mktemp("alone") / "history"
    shutil.copytree(written, folder, ignore=shutil.ignore_patterns("feed"))
    return replay(folder)


@pytest.fixture
def history(written: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(written, tmp_path / "history"))


def changed(file: Path, **columns: object) -> None:
    """Write a CSV file anew, with other values in some of its columns."""
    pd.read_csv(file, dtype=str).assign(**columns).to_csv(file, index=False)


def asked_twice(history: Path, alone: Replayed) -> pd.DataFrame:
    """Leave the first two askings, without a feed; returns what was forecast for these."""
    shutil.rmtree(history / "feed")
    asks, asked = (
        pd.read_csv(history / f"{name}.csv", dtype=str) for name in ("asks", "questions")
    )
    asks.head(2).to_csv(history / "asks.csv", index=False)
    is_kept = asked["asked_at"].isin(asks["asked_at"].head(2))
    asked[is_kept].to_csv(history / "questions.csv", index=False)
    return alone.forecasts.loc[is_kept.to_numpy(), FORETOLD]


def test_each_question_is_answered_in_its_order(written: Path, alone: Replayed) -> None:
    asked = pd.read_csv(written / "questions.csv")
    found = alone.forecasts
    assert found.columns.tolist() == [*asked.columns, *FORETOLD]
    assert found["kickoff"].tolist() == asked["kickoff"].tolist()
    assert (found["lower"] < found["forecast"]).all()
    assert (found["forecast"] < found["upper"]).all()
    assert alone.weighed == {}


def test_a_feed_is_weighed_at_each_asking_and_none_is_needed(
    history: Path, alone: Replayed
) -> None:
    first, second, third, fourth, *_ = sorted((history / "feed").iterdir())
    second.unlink()
    third.write_bytes(b'{"events": [')
    told = json.loads(fourth.read_text())
    for one in told["events"]:
        one["all_registered"] *= 3
    fourth.write_text(json.dumps(told))
    found = replay(history)
    assert [found.weighed[one.name].is_used for one in (first, second, third, fourth)] == [
        *(True, False, False, False)
    ]
    assert found.weighed[first.name].notes == []
    notes = [" ".join(found.weighed[one.name].notes) for one in (second, third, fourth)]
    for note, expected in zip(notes, ("No such file", "JSON", "are likely by now"), strict=True):
        assert expected in note
    asked_at = pd.to_datetime(found.forecasts["asked_at"]).dt.strftime("%Y-%m-%dT%H%M.json")
    for one, is_moved in ((first, True), (second, False), (third, False), (fourth, False)):
        rows = asked_at == one.name
        said, before = (frame.loc[rows, FORETOLD] for frame in (found.forecasts, alone.forecasts))
        assert (said["forecast"] != before["forecast"]).any() == is_moved
        assert said["forecast"].tolist() == pytest.approx(before["forecast"].tolist(), rel=0.02)
        # Without a feed that should be there, less is known of how many users there are.
        wider = (said["upper"] / said["lower"]) / (before["upper"] / before["lower"])
        assert (wider.to_numpy() > 1.01).all() != is_moved


def test_another_spelling_of_the_same_warehouse_is_forecast_alike(
    history: Path, alone: Replayed
) -> None:
    before = asked_twice(history, alone)
    for file in history.rglob("events.csv"):
        rows = pd.read_csv(file, dtype=str)
        again = rows.assign(event_id=rows["event_id"].str.pad(8), home_team=rows["home_team"] + " ")
        pd.concat([rows, again]).to_csv(file, index=False)
    for file in history.rglob("wagers.csv"):
        rows = pd.read_csv(file).rename(columns={"bet_offer_type_name": "bet_offer_type"})
        rows["bet_id"] = "b" + rows["bet_id"].astype(str)
        pd.concat([rows, rows.tail(20)]).to_csv(file, index=False)
    asks = pd.read_csv(history / "asks.csv")
    pd.concat([asks, asks.head(1)]).sample(frac=1, random_state=0).to_csv(
        history / "asks.csv", index=False
    )
    assert np.allclose(replay(history).forecasts[FORETOLD], before, rtol=1e-9)


def test_a_clerks_time_in_a_question_is_that_of_the_match(history: Path, alone: Replayed) -> None:
    before = asked_twice(history, alone)
    asked = pd.read_csv(history / "questions.csv")
    changed(history / "questions.csv", kickoff=asked["kickoff"].str[:10] + " 00:00:00")
    assert np.allclose(replay(history).forecasts[FORETOLD], before, rtol=1e-3)


@pytest.mark.parametrize(
    ("file", "columns", "told"),
    [
        ("asks.csv", {"loaded_to": "soon"}, "row 1: loaded_to is no moment: 'soon'"),
        ("questions.csv", {"kickoff": ""}, "row 1: kickoff is no moment"),
        ("questions.csv", {"week": "eleven"}, "row 1: week is no number: 'eleven'"),
        ("questions.csv", {"asked_at": "2020-02-26 09:01"}, "row 1: asks.csv has no asking at"),
    ],
)
def test_a_wrong_row_is_named(
    history: Path, file: str, columns: dict[str, object], told: str
) -> None:
    changed(history / file, **columns)
    with pytest.raises(ValueboxError, match=told):
        replay(history)


def test_a_question_that_lacks_a_column_is_told(history: Path) -> None:
    file = history / "questions.csv"
    pd.read_csv(file, dtype=str).drop(columns=["week", "away_team"]).to_csv(file, index=False)
    with pytest.raises(ValueboxError, match=r"questions.csv: has no column week, away_team"):
        replay(history)


@pytest.mark.parametrize("name", ["asks.csv", "warehouse/users.csv"])
def test_a_file_that_is_missing_or_empty_is_named(history: Path, name: str) -> None:
    (history / name).write_bytes(b"")
    with pytest.raises(ValueboxError, match=f"{name}: is no CSV"):
        replay(history)
    (history / name).unlink()
    with pytest.raises(ValueboxError, match=f"{name}: there is no such file"):
        replay(history)
