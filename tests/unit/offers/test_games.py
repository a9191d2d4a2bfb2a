"""Made-up games send events as games do, and players react to what they are shown."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.commands import only_line, valuebox

from valuebox_training.offers.games.archetypes import TYPES, Archetypes
from valuebox_training.offers.games.game import Game, Regret, Round
from valuebox_training.offers.games.living import Chosen, live
from valuebox_training.offers.games.players import Setting, Trouble
from valuebox_training.offers.games.raw import Event
from valuebox_training.offers.games.worlds import WORLDS

START = datetime(2017, 8, 1, tzinfo=UTC)
CALM = Setting(6, 300, TYPES[:5])
FORM = {
    "app_launched": {"country", "language", "signin_method", "os", "device_id"},
    "game_start": {"currency_balance", "level"},
    "game_end": {"currency_balance", "level", "score", "badge", "won"},
    "offer_shown": {
        *("currency_balance", "offer_type", "offer_price", "offer_purchased", "offer_dismissed")
    },
    "purchase": {"currency_balance", "sku", "txn_amount", "purchase_source"},
}


class First:
    """Always shows the first, and keeps what it hears by the day."""

    def __init__(self) -> None:
        self.days: list[list[Event]] = []
        self.asked: list[dict[str, Any]] = []

    def morning(self, now: datetime) -> None:
        assert now == START + timedelta(days=len(self.days))
        self.days.append([])

    def hear(self, events: Sequence[Event]) -> None:
        self.days[-1] += events

    def decide(self, one: Round, questions: Sequence[dict[str, Any]]) -> Chosen:
        self.asked += questions
        propensity = np.zeros(len(one.kind))
        propensity[one.begins[:-1]] = 1
        return Chosen(np.zeros(len(one.player), dtype=np.int64), propensity)

    def events(self, what: str | None = None) -> list[Event]:
        every = (event for day in self.days for event in day)
        return [event for event in every if what in (None, event["event_id"])]


def lived(trouble: Trouble = Trouble(), days: int = 6) -> tuple[First, Regret]:  # noqa: B008
    host = First()
    game = Game(Archetypes(replace(CALM, trouble=trouble), 1), 1)
    return host, live(game, 1, START, days, host)


def keys(events: Iterable[Event]) -> set[tuple[str, ...]]:
    return {tuple(sorted(one.items())) for one in events}


def test_events_have_the_form_of_a_game() -> None:
    host, _ = lived()
    for event in host.events():
        assert all(isinstance(value, str) for value in event.values())
        assert event.keys() >= FORM[event["event_id"]]
        assert event.keys() >= {"event_id", "event_time", "customer_identifier"}
        datetime.strptime(event["event_time"], "%Y-%m-%dT%H:%M:%S")
    assert {event["event_id"] for event in host.events()} == FORM.keys()
    assert len(host.events("offer_shown")) == len(host.asked)


def test_an_offer_that_is_bought_is_paid_for_in_its_session_and_second() -> None:
    host, _ = lived()
    bought = [one for one in host.events("offer_shown") if one["offer_purchased"] == "true"]
    paid = [one for one in host.events("purchase") if one["purchase_source"] == "offer"]
    assert bought
    at = ("session_id", "event_time")
    assert [[one[name] for name in at] for one in bought] == [
        [one[name] for name in at] for one in paid
    ]
    assert [one["offer_price"] for one in bought] == [one["txn_amount"] for one in paid]


def test_questions_are_answered_by_what_is_shown() -> None:
    host, _ = lived()
    shown = {one["session_id"]: one for one in host.events("offer_shown")}
    for asked in host.asked:
        event, first = shown[asked["session"]], asked["candidates"][0]
        assert event["offer_type"] == first["offer_type"]
        assert float(event["offer_price"]) == first["offer_price"]
        assert f"{event['event_time']}+00:00" == asked["at"]


def test_a_game_is_the_same_again_and_may_go_on() -> None:
    (short, _), (long, _) = lived(days=3), lived(days=6)
    assert short.days == long.days[:3]


def test_late_purchases_come_on_another_day_with_their_own_time() -> None:
    host, _ = lived(Trouble(late=1.0, late_days=2.0))
    for day, events in enumerate(host.days):
        for event in events:
            if event["event_id"] == "purchase":
                assert datetime.fromisoformat(event["event_time"] + "Z") < START + timedelta(
                    days=day + 1
                )
    own = [one for one in host.events("purchase") if one["purchase_source"] == "offer"]
    assert own
    # What is told along with the offer says nothing of purchases that come later.
    assert "true" not in {one["offer_purchased"] for one in host.events("offer_shown")}


def test_lost_and_doubled_events_and_bots() -> None:
    lost, _ = lived(Trouble(lost=1.0, missing=1.0))
    assert not lost.events("purchase")
    assert not lost.events("game_start")
    doubled, _ = lived(Trouble(doubled=0.2))
    assert len(keys(doubled.events())) < len(doubled.events())
    for events in doubled.days:
        assert len(keys(events)) == len(events)
    bots, _ = lived(Trouble(bots=2))
    theirs = [one for one in bots.events() if one["customer_identifier"] == "player-301"]
    assert len({one["session_id"] for one in theirs}) == 6 * 12
    assert "purchase" not in {one["event_id"] for one in theirs}


@pytest.mark.parametrize("name", WORLDS)
def test_regret_is_between_the_oracle_and_chance_in_every_world(name: str) -> None:
    game = WORLDS[name].game(1, 60)
    regret = live(game, 1, START, 2, First())
    assert (regret.oracle >= regret.policy).all()
    assert (regret.oracle > regret.chance).all()


def test_the_command_writes_a_file_a_day(tmp_path: Path) -> None:
    folder = tmp_path / "game"
    arguments = ("--players", 50, "--days", 3, "--start", "2019-03-30")
    said, _ = valuebox("offers", "simulate", folder, *arguments)
    names = [one.name for one in sorted(folder.iterdir())]
    assert names == ["2019-03-30.jsonl", "2019-03-31.jsonl", "2019-04-01.jsonl"]
    lines = [line for one in folder.iterdir() for line in one.read_text().splitlines()]
    assert f"{len(lines):,} events of 3 days" in said
    assert {json.loads(line)["event_id"] for line in lines} <= FORM.keys()
    again = tmp_path / "again"
    valuebox("offers", "simulate", again, *arguments)
    for one in folder.iterdir():
        assert (again / one.name).read_bytes() == one.read_bytes()
    _, refused = valuebox("offers", "simulate", folder, exit_code=2)
    assert "is there already" in only_line(refused)


def test_simulate_makes_games_as_well(tmp_path: Path) -> None:
    folder = tmp_path / "game"
    said, _ = valuebox("simulate", "--game", folder)
    assert "events of 14 days" in said
    assert len(list(folder.iterdir())) == 14


def test_games_are_listed_and_others_refused(tmp_path: Path) -> None:
    said, _ = valuebox("offers", "simulate", tmp_path, "--world", "list")
    assert [line.split(":")[0] for line in said.splitlines()] == list(WORLDS)
    _, refused = valuebox("offers", "simulate", tmp_path / "x", "--world", "calm", exit_code=2)
    assert "few-stationary" in refused
    _, refused = valuebox("offers", "simulate", tmp_path / "x", "--days", 43, exit_code=2)
    assert "ends after 42 days" in refused
