"""Customers who did a lot: of their events as few are read as settle an answer."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import delete
from support.services import ROOT

from valuebox.facts.arriving import ArrivingEvents
from valuebox.facts.features.answering import answers_of, at_once
from valuebox.facts.features.auditing import CODE, EXPIRED, audit
from valuebox.facts.features.declarations import add
from valuebox.facts.features.history import Looked, events_of, events_of_several, looked_at
from valuebox.facts.features.keeping import kept
from valuebox.facts.features.stored import Asked
from valuebox.facts.repository import put_events
from valuebox.facts.schemas import Event
from valuebox.facts.tables import Event as StoredEvent
from valuebox.features.declared.declaration import Declaration
from valuebox.features.declared.reading import declaration_of
from valuebox.store.engine import Store
from valuebox.store.ids import ids_from, new_id
from valuebox.store.writing import write

TEXT = (ROOT / "examples" / "features" / "offers.toml").read_text()
START = datetime(2025, 1, 1, tzinfo=UTC)
AT = START + timedelta(days=60)
TYPES = ("game_start", "game_end", "purchase", "offer_shown")
SPLITS = (
    *('change = "session"', 'by = "session"', 'gap = "30 minutes"', "day = 'UTC'"),
    *("when = 'type == \"purchase\"'", 'when = "block(events) >= 4"'),
)


def happened(rng: Random, who: str, count: int) -> list[Event]:
    """Events of a player over sixty days, several of which share a second."""
    moments = sorted(rng.randrange(60 * 86_400) // 7 * 7 for _ in range(count))
    return [
        Event.model_validate({
            "source": "game", "id": f"{who}-{place}", "customer": who, "session": f"s{place // 9}",
            "type": rng.choice(TYPES), "time": START + timedelta(seconds=moment),
            "amount": rng.choice((None, 0.1, 4.99)), "currency": "EUR",
            "properties": {"txn_amount": "0.10", "won": rng.choice("01"),
                           "signin_method": rng.choice(("guest", None)), "country": rng.choice(
                ("DE", None, None, None))},
        })
        for place, moment in enumerate(moments)
    ]  # fmt: skip


@pytest.fixture
def played(store: Store) -> Store:
    rng = Random(7)
    for who, count in (("bot", 3_000), ("heavy", 400), ("light", 12)):
        with store.writing() as session:
            put_events(session, ArrivingEvents.of(happened(rng, who, count)))
    return store


def read_whole(store: Store, declared: Declaration, whom: list[Asked]) -> list[dict[str, Any]]:
    with store.looking() as connection:
        stored = events_of(connection, declared, whom, AT, everything=True)
    return at_once(declared, stored, whom, AT)


@pytest.mark.parametrize("split", SPLITS)
def test_answers_are_those_of_all_events(played: Store, split: str) -> None:
    text = TEXT.replace('change = "session"', split).replace("blocks = -1", "blocks = -3")
    declared = declaration_of(text, "it")
    whom = [Asked("game", who, session, {"offer_price": "1"}) for who, session in (
        ("bot", "s333"), ("heavy", "new"), ("heavy", "s44"), ("light", None), ("nobody", "s1"),
    )]  # fmt: skip
    wanted = [read_whole(played, declared, [one])[0] for one in whom]
    with played.looking() as connection:
        alone = [events_of(connection, declared, [one], AT) for one in whom]
        questions = [[one] for one in whom] + [whom[:2]]
        together = list(events_of_several(connection, declared, questions, AT))
    for stored in (alone, together):
        pairs = zip(whom, stored, strict=False)
        assert [answers_of(declared, some, [one], AT)[0] for one, some in pairs] == wanted
    assert answers_of(declared, together[-1], whom[:2], AT) == wanted[:2]
    looked = looked_at(declared, together[-1], whom[:2], AT)
    assert looked == [Looked(len(one.id), one.time[-1]) for one in alone[:2]]


def test_few_of_many_events_are_read(played: Store) -> None:
    declared, whom = declaration_of(TEXT, "it"), [Asked("game", "bot", "new", None)]
    with played.looking() as connection:
        few = events_of(connection, declared, whom, AT)
        everything = events_of(connection, declared, whom, AT, everything=True)
    # Those of the last session, and the purchases of a week.
    assert len(few.id) < 200 < len(everything.id) == 3_000


@pytest.mark.parametrize(("days", "cause"), [(3, EXPIRED), (50, CODE)])
def test_an_audit_knows_which_events_were_looked_at(played: Store, days: int, cause: str) -> None:
    declared, whom = declaration_of(TEXT, "it"), [Asked("game", "bot", "new", None)]
    with played.writing() as session:
        add(session, declared, TEXT, answers=True)
        stored = events_of(session.connection(), declared, whom, AT)
        answers = answers_of(declared, stored, whom, AT)
        counts = looked_at(declared, stored, whom, AT)
        # Somebody has overwritten what was answered, or else nothing would differ.
        wrong = [one | {"prev_week.purchases_amount": 0.5} for one in answers]
        write(session, [kept(declared, whom, wrong, counts, AT, ids_from(new_id(), 1))])
        session.execute(delete(StoredEvent).where(StoredEvent.time < AT - timedelta(days=days)))
        found = audit(session, declared.name, None, 10)
    assert found.columns["prev_week.purchases_amount"] == {cause: 1}
