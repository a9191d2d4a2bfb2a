"""The warehouse of a simulated sportsbook: what its nightly loads bring, with all their flaws.

The folder that is written is what `valuebox handle replay` reads.
"""

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from valuebox_training.handle.feeds import says
from valuebox_training.handle.oracle import expected
from valuebox_training.handle.schedule import COLUMNS
from valuebox_training.handle.simulate import Sportsbook

WAGERS: Final = {
    "bet_id": "bet_id",
    "user_number": "user_number",
    "event_id": "event_id",
    "offer": "bet_offer_type_name",
    "amount": "wager_amount",
    "decimal": "outcome_decimal_odds",
    "american": "outcome_american_odds",
    "placed": "bet_placed_time",
    "status": "bet_status",
    "result": "bet_result",
    "payout": "payout",
}
_PLAYED: Final = np.timedelta64(3, "h")
_HOURS: Final = (9, 13, 18)


class Warehouse:
    """What the loads of a sportsbook bring, by their midnights."""

    def __init__(self, book: Sportsbook):
        self._book = book
        self._rng = np.random.default_rng([book.world.seed, 77])
        days = book.world.days
        self.midnights = days.to_numpy(dtype="datetime64[s]")
        late = self._rng.uniform(size=len(days)) < book.world.late / 2
        late[0] = False
        self.skipped = late
        """Nights whose load comes with the next one."""
        self._loaded = self._loading()

    def _loading(self) -> Any:
        """The midnight whose load brings each bet."""
        placed = self._book.wagers["placed"].to_numpy(dtype="datetime64[s]")
        night = (placed.astype("datetime64[D]") + 1).astype("datetime64[s]")
        late = np.zeros(len(placed), dtype=bool)
        for midnight in self.midnights[1:]:
            if self._rng.uniform() < self._book.world.late / 2:
                late |= (night == midnight) & (self._rng.uniform(size=len(placed)) < 0.35)
        return night + late * np.timedelta64(1, "D")

    def loaded_to(self, asked_at: np.datetime64) -> np.datetime64:
        """The last midnight whose load had come by then."""
        there = (self.midnights <= asked_at) & ~self.skipped
        found: np.datetime64 = self.midnights[there].max()
        return found

    def events(self, midnight: np.datetime64) -> pd.DataFrame:
        """Matches that are planned by a midnight, one of them twice."""
        events = self._book.events
        known = events[self._book.kickoff < midnight + np.timedelta64(14, "D")]
        doubled = known.head(1).assign(home_team=lambda one: one["home_team"] + " ")
        every: pd.DataFrame = pd.concat([known, doubled])[list(COLUMNS)]
        return every

    def users(self, since: np.datetime64 | None, midnight: np.datetime64) -> pd.DataFrame:
        """Users who registered up to a midnight, after another one."""
        users = self._book.users
        when = users["registered"].to_numpy(dtype="datetime64[s]")
        rows = when < midnight
        if since is not None:
            rows &= when >= since
        some = users[rows].rename(columns={"registered": "registration_timestamp"})
        told: pd.DataFrame = some[["user_number", "age", "registration_timestamp", "location"]]
        return told

    def wagers(self, since: np.datetime64 | None, midnight: np.datetime64) -> pd.DataFrame:
        """Bets that are new or have changed between two midnights; some rows come twice."""
        wagers = self._book.wagers
        over = self._book.kickoff[wagers["event"]] + _PLAYED <= midnight
        rows = self._loaded <= midnight
        if since is not None:
            settled = ~(self._book.kickoff[wagers["event"]] + _PLAYED <= since) & over
            rows &= (self._loaded > since) | settled
        some = wagers[rows].copy()
        is_over = over[rows]
        some["status"] = np.where(is_over, some["final"], "Open")
        some["result"] = np.where(is_over, some["won"], None)
        won = some["result"] == "Win"
        some["payout"] = np.where(won, np.round(some["amount"] * some["decimal"], 2), 0.0)
        told: pd.DataFrame = some[list(WAGERS)].rename(columns=WAGERS)
        return pd.concat([told, told.sample(frac=0.002, random_state=1)])

    def asks(self) -> pd.DataFrame:
        """Two dozen moments at which forecasts are asked for, and which loads are there then."""
        days = self.midnights[1 : -1 : max(1, (len(self.midnights) - 2) // 24)][:24]
        at = [day + np.timedelta64(_HOURS[n % 3], "h") for n, day in enumerate(days)]
        return pd.DataFrame({"asked_at": at, "loaded_to": [self.loaded_to(one) for one in at]})

    def questions(self, asked_at: np.datetime64) -> pd.DataFrame:
        """The matches of the coming week."""
        kickoff = self._book.kickoff
        rows = (kickoff > asked_at) & (kickoff < asked_at + np.timedelta64(7, "D"))
        some = self._book.events[rows]
        return pd.DataFrame(
            {
                "asked_at": asked_at,
                "season": some["season"],
                "week": some["week_of_season"].astype(float).astype(int),
                "home_team": some["home_team"].str.strip(),
                "away_team": some["away_team"].str.strip(),
                "time_slot": some["time_slot"],
                "kickoff": some["kickoff"],
                "event": some.index,
            }
        )

    def known(self, event: int, loaded_to: np.datetime64) -> tuple[float, int]:
        """Bets on a match that count in the end, as far as they were loaded."""
        wagers = self._book.wagers
        rows = (wagers["event"] == event).to_numpy() & (self._loaded <= loaded_to)
        some = wagers[rows]
        some = some[some["final"] == "Settled"]
        return float(some["amount"].sum()), len(some)


def write(book: Sportsbook, folder: Path) -> None:
    """Write the warehouse, its nightly loads, the feed, the questions and the oracle's answers."""
    warehouse = Warehouse(book)
    first, *later = warehouse.midnights[~warehouse.skipped]
    _write(folder / "warehouse", warehouse, None, first)
    for before, midnight in zip([first, *later], later, strict=False):
        _write(folder / "nightly" / str(midnight)[:10], warehouse, before, midnight)
    asks = warehouse.asks()
    _stamped(asks).to_csv(folder / "asks.csv", index=False)
    every = [warehouse.questions(one) for one in asks["asked_at"].to_numpy()]
    questions = pd.concat(every, ignore_index=True)
    _stamped(questions.drop(columns="event")).to_csv(folder / "questions.csv", index=False)
    loaded = dict(zip(asks["asked_at"], asks["loaded_to"].to_numpy(), strict=True))
    _answers(book, warehouse, questions, loaded).to_csv(folder / "oracle.csv", index=False)
    (folder / "feed").mkdir()
    rng = np.random.default_rng([book.world.seed, 5])
    for at in asks["asked_at"].to_numpy(dtype="datetime64[s]"):
        name = str(at)[:16].replace(":", "")
        said = says(book, at, rng) if not book.world.lying_feed else says(book, at, rng, lies=True)
        (folder / "feed" / f"{name}.json").write_text(json.dumps(said))


def _answers(
    book: Sportsbook, warehouse: Warehouse, questions: pd.DataFrame, loaded: dict[Any, Any]
) -> pd.DataFrame:
    """What the oracle says of each question, and what came true."""
    counted = book.wagers[book.wagers["final"] == "Settled"]
    actual = counted.groupby("event")["amount"].sum()
    rows = []
    for one in questions.itertuples():
        through = loaded[one.asked_at]
        known, count = warehouse.known(int(str(one.event)), through)
        said = expected(book, int(str(one.event)), known, count, through)
        lead = (pd.Timestamp(str(one.kickoff)) - pd.Timestamp(through)) / pd.Timedelta(hours=1)
        rows.append((said.mean, said.deviation, float(actual.get(one.event, 0.0)), known, lead))
    return pd.DataFrame(rows, columns=["oracle", "deviation", "actual", "known", "lead"])


def _write(folder: Path, warehouse: Warehouse, since: Any, midnight: np.datetime64) -> None:
    folder.mkdir(parents=True)
    for name, rows in (
        ("events", warehouse.events(midnight)),
        ("users", warehouse.users(since, midnight)),
        ("wagers", warehouse.wagers(since, midnight)),
    ):
        rows.to_csv(folder / f"{name}.csv", index=False)


def _stamped(frame: pd.DataFrame) -> pd.DataFrame:
    """Moments as texts with their seconds, whatever these are."""
    moments = frame.select_dtypes("datetime").columns
    return frame.assign(**{one: frame[one].dt.strftime("%Y-%m-%d %H:%M:%S") for one in moments})
