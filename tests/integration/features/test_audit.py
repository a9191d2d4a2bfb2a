"""`valuebox features audit`: answers that are kept, worked out once more."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, update
from support.commands import valuebox
from support.services import ROOT

from valuebox.facts.arriving import ArrivingEvents
from valuebox.facts.features import declarations
from valuebox.facts.features.answering import answers_of
from valuebox.facts.features.history import events_of, looked_at
from valuebox.facts.features.keeping import kept
from valuebox.facts.features.stored import Asked
from valuebox.facts.features.tables import FeatureAnswer
from valuebox.facts.repository import put_events
from valuebox.facts.schemas import Event
from valuebox.facts.tables import Event as StoredEvent
from valuebox.features.declared.reading import read_declaration
from valuebox.store.engine import Store
from valuebox.store.ids import ids_from, new_id
from valuebox.store.writing import write

EXAMPLE = ROOT / "examples" / "features"
DECLARED = read_declaration(EXAMPLE / "offers.toml")
AT = datetime(2017, 8, 20, 20, 19, 30, tzinfo=UTC)
ASKED = [Asked("game", "player-7", "sunday", None)]


def put(store: Store, *events: Event) -> None:
    with store.writing() as session:
        put_events(session, ArrivingEvents.of(events))


@pytest.fixture
def answered(store: Store, database_url: str) -> tuple[Store, str]:
    """A database in which a question was answered, and its URL."""
    lines = (EXAMPLE / "events.jsonl").read_text().splitlines()
    put(store, *map(Event.model_validate_json, lines))
    text = (EXAMPLE / "offers.toml").read_text()
    with store.writing() as session:
        declarations.add(session, DECLARED, text, answers=True)
        stored = events_of(session.connection(), DECLARED, ASKED, AT)
        answers = answers_of(DECLARED, stored, ASKED, AT)
        counts = looked_at(DECLARED, stored, ASKED, AT)
        write(session, [kept(DECLARED, ASKED, answers, counts, AT, ids_from(new_id(), 1))])
    return store, database_url


def audited(url: str, exit_code: int = 0) -> str:
    return valuebox("features", "audit", "offers", "--database-url", url, exit_code=exit_code)[0]


def test_answers_that_hold_are_the_same(answered: tuple[Store, str]) -> None:
    assert "1 answers, 1 worked out once more, 1 of these the same" in audited(answered[1])


def test_late_events_are_the_cause(answered: tuple[Store, str]) -> None:
    store, url = answered
    late = Event(
        source="game", id="late", customer="player-7", session="tuesday", type="purchase",
        time=AT - timedelta(days=1), properties={"txn_amount": "1.00"},
    )  # fmt: skip
    put(store, late)
    (line,) = [one for one in audited(url).splitlines() if "purchases_amount" in one]
    assert line.split()[1:] == ["100.00%", "0.00%", "0.00%"]


def test_events_that_are_gone_are_the_cause(answered: tuple[Store, str]) -> None:
    store, url = answered
    with store.writing() as session:
        session.execute(delete(StoredEvent).where(StoredEvent.id == "e9"))
    (line,) = [one for one in audited(url).splitlines() if "purchases_amount" in one]
    assert line.split()[1:] == ["0.00%", "100.00%", "0.00%"]


def test_an_answer_that_the_same_events_do_not_give_is_told(answered: tuple[Store, str]) -> None:
    store, url = answered
    with store.writing() as session:
        answer = session.query(FeatureAnswer).one().answer
        session.execute(update(FeatureAnswer).values(answer={**answer, "country": "IT"}))
    (line,) = [one for one in audited(url, exit_code=1).splitlines() if "country" in one]
    assert line.split()[1:] == ["0.00%", "0.00%", "100.00%"]


def test_versions_that_are_gone_cannot_be_worked_out(answered: tuple[Store, str]) -> None:
    valuebox("features", "remove", "offers", "--database-url", answered[1])
    assert "1 by versions that are there no more" in audited(answered[1])
