"""Several questions for features that come at once: asked of the database, and stored, together."""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import event, select
from support.services import ROOT

from valuebox.facts.arriving import ArrivingEvents
from valuebox.facts.features import counting, declarations
from valuebox.facts.features.api import FeaturesApi
from valuebox.facts.features.declarations import Declarations
from valuebox.facts.features.schemas import FeaturesQuestion
from valuebox.facts.features.tables import FeatureAnswer
from valuebox.facts.repository import put_events
from valuebox.facts.schemas import Event
from valuebox.features.declared.reading import declaration_of
from valuebox.serving.endpoint import ROUTES, Asked
from valuebox.serving.exchange import Exchange
from valuebox.serving.pipeline import Pipeline
from valuebox.serving.replays import Replays
from valuebox.store.engine import Store

OFFERS = ROOT / "examples" / "features"
BY_AMOUNT = """
name = "spent"
[anchor]
type = "offer_shown"
[field.spent]
sum = "amount"
[window.week]
days = -7
"""
SUNDAY = "2017-08-20T20:19:30Z"
MONDAY = "2017-08-14T17:55:08Z"


class Api(FeaturesApi):
    """The endpoint with a database."""

    def __init__(self, store: Store, aside: ThreadPoolExecutor):
        self.store, self.declarations = store, Declarations(store)
        self.pipeline = Pipeline(store, Replays(timedelta(days=1)), aside)


@pytest.fixture
def api(store: Store) -> Iterator[Api]:
    lines = (OFFERS / "events.jsonl").read_text().splitlines()
    bought = [
        {"source": "game", "id": f"{who}-{currency}", "customer": who, "type": "purchase",
         "time": "2017-08-19T00:00:00Z", "amount": 5, "currency": currency}
        for who, currency in (("player-8", "EUR"), ("player-9", "USD"), ("player-9", "EUR"))
    ]  # fmt: skip
    events = [*map(Event.model_validate_json, lines), *map(Event.model_validate, bought)]
    with store.writing() as session:
        put_events(session, ArrivingEvents.of(events))
        for text in ((OFFERS / "offers.toml").read_text(), BY_AMOUNT):
            declarations.add(session, declaration_of(text, "it"), text, answers=True)
    with ThreadPoolExecutor(1) as aside:
        yield Api(store, aside)


def question(*players: str, declaration: str = "offers", at: str | None = SUNDAY) -> dict[str, Any]:
    customers = [{"source": "game", "id": one, "session": "sunday"} for one in players]
    return {"declaration": declaration, "at": at, "customers": customers}


def answers(api: Api, questions: Sequence[dict[str, Any]]) -> list[tuple[int, Any]]:
    asked = [Asked(Exchange(), FeaturesQuestion.model_validate(one)) for one in questions]
    found = ROUTES["/v1/features"].together[0].answer(api, asked)
    return [(one.status_code, json.loads(bytes(one.body))) for one in found]


def stored(api: Api) -> list[tuple[str, Any, int]]:
    """Who was answered about, with what, and of how many events."""
    with api.store.reading() as session:
        kept = session.scalars(select(FeatureAnswer)).all()
        return [(one.subject, one.answer, one.events) for one in kept]


def test_each_is_answered_and_stored_as_if_it_were_alone(api: Api) -> None:
    questions = [
        question("player-7"),
        question("player-8", "player-7", "nobody"),
        question("player-8", declaration="spent"),
        question("player-7", at=MONDAY),
        question("player-7"),
    ]
    statements: list[str] = []
    event.listen(api.store.engine, "checkout", lambda *_: statements.append("looked"))
    together = answers(api, questions)
    # Once for the declarations, once for the events, once for the answers.
    assert len(statements) <= 4
    assert [status for status, _ in together] == [200] * 5
    assert together == [answers(api, [one])[0] for one in questions]
    assert [len(body["rows"]) for _, body in together] == [1, 3, 1, 1, 1]
    assert together[2][1]["rows"][0]["features"] == {"week.spent": 5}
    told = [(row["id"], row["features"]) for _, body in together for row in body["rows"]]
    # Asked together and alone, each answer is there twice.
    kept = stored(api)
    assert sorted(str(one[:2]) for one in kept) == sorted(map(str, told * 2))
    looked_at = {who: events for who, features, events in kept if features.get("country") == "FR"}
    assert looked_at == {"player-7": 11}


def counted(declaration: str) -> dict[str, float]:
    """What Prometheus has been told of a declaration so far."""
    names = ("answers_total", "values_total", "missing_total", "event_age_seconds_sum")
    return {
        name: REGISTRY.get_sample_value(f"valuebox_feature_{name}", {"declaration": declaration})
        or 0.0
        for name in (*names, "event_age_seconds_count")
    }


def test_what_was_told_is_counted_by_declaration(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    before = counted("offers")
    answers(api, [question("player-7", "nobody"), question("player-8")])
    more = {name: count - before[name] for name, count in counted("offers").items()}
    assert more["answers_total"] == 3
    assert more["values_total"] == 3 * 7
    # Of the offer nothing was sent; of the other two it is only known what they spent in games.
    assert more["missing_total"] == 2 + 6 + 6
    assert more["event_age_seconds_count"] == 2
    # A game began 448 s before the offer; a purchase was made at midnight of the day before.
    assert more["event_age_seconds_sum"] == 448 + 44 * 3600 + 19 * 60 + 30


def test_declarations_beyond_the_first_share_a_label(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "MOST", 0)
    text = BY_AMOUNT.replace('"spent"', '"rare"', 1)
    with api.store.writing() as session:
        declarations.add(session, declaration_of(text, "it"), text, answers=True)
    before = counted("other")["answers_total"]
    answers(api, [question("player-8", declaration="rare")] * 2)
    assert counted("other")["answers_total"] == before + 2
    assert counted("rare")["answers_total"] == 0


def test_an_answer_that_is_refused_is_not_counted(api: Api) -> None:
    before = counted("spent")
    answers(api, [question("player-9", declaration="spent")] * 2)
    assert counted("spent") == before


def test_whoever_cannot_be_answered_takes_nobody_along(api: Api) -> None:
    questions = [
        question("player-8", declaration="spent"),
        question("player-9", declaration="spent"),
        question("player-7", declaration="unheard of"),
        question("player-7"),
    ]
    found = answers(api, questions)
    assert [status for status, _ in found] == [200, 409, 404, 200]
    assert "EUR, USD" in found[1][1]["error"]["message"]
    assert sorted(who for who, *_ in stored(api)) == ["player-7", "player-8"]
