"""Customers and events over HTTP."""

import json
from typing import Any
from uuid import uuid4

import httpx
import pytest
from support.facts import customer, event, stored_customers, stored_events
from support.raw import GAME, raw_event
from support.services import Service

from valuebox import Client

EVENTS, CUSTOMERS = "/v1/events", "/v1/customers"
RAW = "/v1/events/raw"


def send(service: Service, path: str, body: Any, **headers: str) -> httpx.Response:
    answer = service.http.post(path, json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer


def test_facts_are_stored_and_counted(service: Service) -> None:
    source = uuid4().hex
    people = [customer(n, source=source) for n in range(3)]
    told = send(service, CUSTOMERS, people).json()
    counts = {"received": 3, "added": 3, "corrected": 0, "unchanged": 0}
    assert told == {**counts, "doubled": 0, "doubled_rows": []}
    happened = [event(f"{source}-{n}", source=source, session=None) for n in range(2_000)]
    told = send(service, EVENTS, happened).json()
    assert told["added"] == 2_000
    changed = [*happened[:5], {**happened[5], "amount": 1.0}, event(f"{source}-x", source=source)]
    assert send(service, EVENTS, changed).json() == {
        "received": 7,
        "added": 1,
        "unchanged": 5,
        "doubled": 0,
        "doubled_rows": [],
        "differing": 1,
        "differing_rows": [5],
    }
    stored = stored_events(service.store)[f"{source}-7"]
    assert (stored.source, stored.amount, stored.properties) == (
        *(source, 9.5),
        {"category": "thai", "meal": 7},
    )
    assert stored_customers(service.store)["1"].attributes == {"campaign": "TW"}


@pytest.mark.parametrize("text", ["{}", '{"a": "x:\\"{", "b": {"c": [{}]}}', '{"t": "\\":"}'])
def test_properties_may_look_like_anything(service: Service, text: str) -> None:
    source = uuid4().hex
    one = event(source, properties=json.loads(text))
    assert send(service, EVENTS, [one]).json()["added"] == 1
    assert stored_events(service.store)[source].properties == json.loads(text)


def test_what_is_told_of_customers_adds_up_and_null_removes(service: Service) -> None:
    one = {"source": uuid4().hex, "id": uuid4().hex}
    send(service, CUSTOMERS, [{**one, "created": "2013-05-01", "attributes": {"a": 1, "b": 2}}])
    told = send(
        service,
        CUSTOMERS,
        [{**one, "attributes": {"b": None}}, {**one, "created": None, "attributes": {"c": [None]}}],
    ).json()
    assert told == {
        "received": 2,
        "added": 0,
        "corrected": 1,
        "unchanged": 0,
        "doubled": 1,
        "doubled_rows": [1],
    }
    known = stored_customers(service.store)[one["id"]]
    assert known.attributes == {"a": 1, "c": [None]}
    assert known.created is not None
    happened = event(uuid4().hex)
    told = send(service, EVENTS, [happened, happened]).json()
    assert (told["added"], told["unchanged"], told["doubled_rows"]) == (1, 0, [1])


def test_raw_events_are_stored_once_and_in_whole_or_not_at_all(service: Service) -> None:
    source = uuid4().hex
    upload = {"mapping": "game", "source": source, "events": GAME}
    with Client(service.url) as client:
        assert client.raw_events("game", GAME, source=source).added == len(GAME)
    again = send(service, RAW, upload).json()
    assert (again["received"], again["added"], again["unchanged"]) == (len(GAME), 0, len(GAME))
    bad = [*GAME, raw_event(sku="new"), raw_event(item_price="9.99 or so"), raw_event(event_id="")]
    refused = service.http.post(RAW, json={**upload, "events": bad})
    assert refused.status_code == 400
    error = refused.json()["error"]
    assert (error["code"], error["problem_count"]) == ("invalid_input", 2)
    named = [(one["row"], one["field"]) for one in error["problems"]]
    assert named == [(len(GAME) + 1, "item_price"), (len(GAME) + 2, "event_id")]
    assert "9.99 or so" not in refused.text + service.log()
    stored = [one for one in stored_events(service.store).values() if one.source == source]
    assert sorted(one.type for one in stored) == [
        *("app_launched", "game_end", "game_start", "offer_shown", "purchase", "purchase")
    ]
    unknown = service.http.post(RAW, json={**upload, "mapping": "gmae"}).json()["error"]
    assert [one["field"] for one in unknown["problems"]] == ["mapping"]


def test_properties_may_not_be_nested_without_end(service: Service) -> None:
    deep = "[" * 20_000 + "]" * 20_000
    body = json.dumps([event(uuid4().hex, properties={"a": "?"})]).replace('"?"', deep)
    answer = service.http.post(EVENTS, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "malformed_json"
