"""Features of stored events: what a question is answered with, whatever order they arrived in."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select
from support.dirty_logs import dirty_log, moments_in
from support.features_by_hand import MixedCurrencies, row_of
from support.odd_declarations import declarations
from support.stored_logs import storable, stored_in_any_order

from valuebox.facts.features.answering import answers_of
from valuebox.facts.features.history import events_of
from valuebox.facts.features.stored import Asked
from valuebox.facts.tables import Event as Stored
from valuebox.features.declared.declaration import Declaration
from valuebox.features.declared.working import SeveralCurrencies
from valuebox.store.engine import Store

NOT_OF_FEATURES = ("anchor_id", "source", "customer", "session", "time")


@pytest.mark.parametrize("seed", [3, 7, 12])
def test_answers_are_those_by_hand(store: Store, seed: int) -> None:
    log = storable(dirty_log(seed))
    stored_in_any_order(store, log, seed)
    with store.reading() as session:
        received = {
            (one.source, one.id): one.received_at for one in session.scalars(select(Stored))
        }
    known = [
        one | {"received_at": received[one["source"], one["id"]].isoformat()} for one in _once(log)
    ]
    whom = sorted({(one["source"], one.get("customer") or "nobody") for one in log})[:4]
    sessions = sorted({(one["source"], one.get("session") or "none") for one in log})[:4]
    wrong = []
    for name, declaration in declarations().items():
        declared = Declaration.model_validate(declaration)
        of_customers = declared.of == "customer"
        at = moments_in(seed, log)[len(name) % 5]
        asked = [
            Asked(source, who, "s1" if of_customers and place % 2 else None, None)
            for place, (source, who) in enumerate(whom if of_customers else sessions)
        ]
        for one, answer in zip(asked, _answered(store, declared, asked, at), strict=True):
            wanted = _by_hand(declaration, known, one, of_customers, at)
            if answer != wanted:
                wrong.append((name, at, one, _apart(wanted, answer)))
    assert wrong == []


def _once(log: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for one in log:
        found.setdefault((one["source"], one["id"]), one)
    return list(found.values())


def _answered(store: Store, declared: Declaration, asked: list[Asked], at: datetime) -> list[Any]:
    with store.reading() as session:
        stored = events_of(session.connection(), declared, asked, at)
    found: list[Any] = []
    for one in asked:
        # Whoever has amounts in several currencies has no answer; the others have theirs.
        try:
            found += answers_of(declared, stored, [one], at)
        except SeveralCurrencies:
            found.append("mixed")
    return found


def _by_hand(
    declaration: dict[str, Any],
    events: list[dict[str, Any]],
    asked: Asked,
    of_customers: bool,
    at: datetime,
) -> Any:
    customer, session = (asked.id, asked.session) if of_customers else (None, asked.id)
    try:
        row = row_of(declaration, events, asked.source, customer, session, at)
    except MixedCurrencies:
        return "mixed"
    return {name: value for name, value in row.items() if name not in NOT_OF_FEATURES}


def _apart(wanted: Any, answer: Any) -> Any:
    if not (isinstance(wanted, dict) and isinstance(answer, dict)):
        return wanted, answer
    names = {*wanted, *answer}
    return {
        name: (wanted.get(name, "absent"), answer.get(name, "absent"))
        for name in sorted(names)
        if wanted.get(name, "absent") != answer.get(name, "absent")
    }
