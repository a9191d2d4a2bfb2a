"""Raw events and mappings: what is understood, what is refused, and which ids are made."""

import json
import random
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from support.raw import END, GAME, LAUNCH, OFFER, PURCHASE, raw_event

from valuebox.compartments.facts import COMPARTMENT
from valuebox.facts.content_ids import Ordinals
from valuebox.facts.raw.asking import RawReaders
from valuebox.facts.raw.lines import objects_of
from valuebox.facts.raw.listing import SHIPPED, raw_mappings, raw_reader
from valuebox.facts.raw.reading import RawEventsRead, RawReader
from valuebox.facts.raw.schemas import RawEvents, RawUpload
from valuebox.files.mappings import BadMapping
from valuebox.schemas.requests import Decoded
from valuebox.serving.errors import BadRows

ROOT = Path(__file__).parents[3]
MINE = {"customer": "who", "session": "visit", "type": "kind", "time": "at"}


def game() -> RawReader:
    return raw_mappings("")["game"]


def mine(top: dict[str, Any] | None = None, **raw: Any) -> RawReader:
    return raw_reader(Path("mine.toml"), {**(top or {}), "raw": {**MINE, **raw}})


def read(reader: RawReader, *events: dict[str, Any]) -> RawEventsRead:
    return reader.read([dict(one) for one in events], reader.source(), Ordinals())


def event(**fields: Any) -> dict[str, Any]:
    return {"who": "c1", "kind": "seen", "at": "2017-08-14T17:53:57", **fields}


def told(found: RawEventsRead) -> list[dict[str, Any] | None]:
    return [None if one is None else json.loads(one) for one in found.events.properties]


def mistakes(found: RawEventsRead) -> list[tuple[int, str, str]]:
    return [tuple(one) for one in found.mistakes]


def test_the_seed_of_a_game_is_understood() -> None:
    found = read(game(), *GAME)
    events = found.events
    assert found.mistakes == []
    assert set(events.source) == {"game"}
    assert set(events.customer) == {"F493"}
    assert set(events.session) == {"K237"}
    assert list(events.type) == [
        *("app_launched", "game_end", "game_start", "offer_shown", "purchase", "purchase")
    ]
    assert list(events.amount) == [None, None, None, None, 9.99, 9.99]
    assert events.time[1] < events.time[2]
    assert told(found)[0] == {
        "country": "DE",
        "signin_method": "https://www.facebook.com/somebody",
        "badge": None,
        "facebook_connected": True,
    }
    assert told(found)[3] == {
        "level": "7", "won": "1", "item_price": 9.99, "offer_purchased": "false",
    }  # fmt: skip
    assert told(found)[4] == {"level": "7", "won": "1", "sku": "coins"}


def test_ids_are_of_what_events_say_and_of_their_ordinal() -> None:
    ids = list(read(game(), *GAME).events.id)
    assert len(set(ids)) == len(GAME)
    assert ids[5] == f"{ids[4]}/#2"
    # The same in another order, with its names in another order.
    turned = [dict(reversed(one.items())) for one in reversed(GAME)]
    assert set(read(game(), *turned).events.id) == set(ids)
    assert read(game(), raw_event(sku="gems")).events.id[0] not in ids
    # Ids begin with the moment.
    assert sorted(ids[:5])[0] == ids[0]


def test_what_is_dropped_and_what_is_told_besides_makes_no_other_ids() -> None:
    plain = read(mine(drop=["sent_at"]), event(sent_at=1, page="a")).events.id
    again = read(mine(drop=["sent_at"]), event(sent_at=2, page="a")).events.id
    more = mine(drop=["sent_at"], attributes={"where": {"of": "page"}})
    assert plain == again == read(more, event(sent_at=3, page="a")).events.id
    assert plain != read(mine(), event(sent_at=1, page="a")).events.id


def test_an_upload_in_pieces_has_the_ordinals_of_the_whole() -> None:
    chance = random.Random(7)
    several = [chance.randbytes(10) for _ in range(40)]
    digests = [chance.choice(several) for _ in range(2_000)]
    whole = Ordinals().of(digests)
    pieces, found, at = Ordinals(), [], 0
    while at < len(digests):
        size = chance.randrange(0, 60)
        found += pieces.of(digests[at : at + size])
        at += size
    assert found == whole
    assert whole[-1] == digests.count(digests[-1])


def test_own_ids_are_kept_and_others_made() -> None:
    found = read(mine(id=["uuid", "n"]), event(uuid="e1"), event(n=7), event(), event(uuid=""))
    ids = list(found.events.id)
    assert ids[:2] == ["e1", "7"]
    assert ids[3] == f"{ids[2]}/#2"


@pytest.mark.parametrize(
    ("amount", "stored"),
    [("9.99", 9.99), (" 1e3 ", 1000.0), (-5, -5.0), ("", None), (None, None), ("0", 0.0)],
)
def test_amounts_are_numbers_or_texts_of_them(amount: Any, stored: float | None) -> None:
    found = read(mine({"currency": "EUR"}, amount="paid"), event(paid=amount))
    assert list(found.events.amount) == [stored]
    assert list(found.events.currency) == [None if stored is None else "EUR"]


@pytest.mark.parametrize(
    "amount", ["nine", "nan", "inf", "-inf", "1e400", "1_000", "9,99", 1e13, "1e13", True, [1], {}]
)
def test_absurd_amounts_are_refused_by_row(amount: Any) -> None:
    found = read(game(), PURCHASE, raw_event(item_price=amount))
    ((row, field, message),) = mistakes(found)
    assert (row, field) == (1, "item_price")
    assert "an amount such as 9.99" in message
    assert len(found.events) == 1


def test_of_several_names_the_first_that_is_there_counts_and_the_others_stay() -> None:
    reader = mine(customer=["who", "user"], amount={"*": ["price", "total"], "bought": ["paid"]})
    found = read(
        reader,
        event(who=None, user=17.0, price="", total="3"),
        event(user="u", kind="bought", paid=1, total=2),
        event(who=True, user="u"),
        event(who="", user="", visit=None),
    )
    assert list(found.events.customer) == ["17", "c1"]
    assert list(found.events.amount) == [3.0, 1.0]
    assert told(found) == [{"price": ""}, {"user": "u", "total": 2}]
    assert mistakes(found) == [
        (2, "who", "Input should be a text"),
        (3, "who", "Input should have a customer or a session"),
    ]


def test_decimal_commas_and_currencies_of_events() -> None:
    reader = mine({"decimal": ","}, amount="paid", currency="unit")
    good = [event(paid="9,99", unit="eur"), event(paid=9.99, unit="")]
    found = read(reader, *good, event(paid="9.99"), event(paid="1", unit="euro"))
    assert list(found.events.amount) == [9.99, 9.99]
    assert list(found.events.currency) == ["EUR", None]
    assert [(row, field) for row, field, _ in mistakes(found)] == [(2, "paid"), (3, "unit")]


BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("zone", "written", "value", "moment"),
    [
        ("UTC", "iso", "2017-08-14T17:53:57", "2017-08-14T17:53:57"),
        ("UTC", "iso", "2017-08-14 17:53:57.25+02:00", "2017-08-14T15:53:57.25"),
        (BERLIN, "iso", "2017-08-14T17:53:57", "2017-08-14T15:53:57"),
        (BERLIN, "iso", "2017-08-14T17:53:57Z", "2017-08-14T17:53:57"),
        (BERLIN, "iso", "2017-10-29T02:30:00", "2017-10-29T00:30:00"),
        (BERLIN, "iso", "2017-03-26T02:30:00", "2017-03-26T01:30:00"),
        (BERLIN, "iso", "2017-08-14", "2017-08-14T00:00:00"),
        ("America/New_York", "iso", "2017-08-14", "2017-08-14T04:00:00"),
        (BERLIN, "%d.%m.%Y %H:%M", "14.08.2017 17:53", "2017-08-14T15:53:00"),
        ("UTC", "%Y%m%d", 20170814, "2017-08-14T00:00:00"),
        ("UTC", "epoch_s", "1502733237", "2017-08-14T17:53:57"),
        ("UTC", "epoch_s", 1502733237.25, "2017-08-14T17:53:57.25"),
        (BERLIN, "epoch_ms", 1502733237001, "2017-08-14T17:53:57.001"),
        ("UTC", "epoch_us", 1502733237000001, "2017-08-14T17:53:57.000001"),
        ("UTC", "epoch_ns", 1502733237000001999, "2017-08-14T17:53:57.000001"),
    ],
)
def test_moments_are_read_as_the_mapping_says(
    zone: str, written: str, value: Any, moment: str
) -> None:
    reader = mine({"timezone": zone}, time={"column": "at", "format": written})
    found = read(reader, event(at=value))
    assert found.mistakes == []
    assert found.events.time[0] == np.datetime64(moment, "us")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("iso", None),
        ("iso", ""),
        ("iso", 1502733237),
        ("iso", "yesterday"),
        ("iso", "2017-02-30T00:00:00"),
        ("iso", "1969-12-31T23:59:59"),
        ("iso", ["2017-08-14"]),
        ("epoch_s", "soon"),
        ("epoch_s", -1),
        ("epoch_s", 1502733237000),
        ("epoch_ms", True),
        ("%d.%m.%Y", "2017-08-14"),
        ("%Y", "1066"),
    ],
)
def test_what_is_no_moment_is_refused_by_row(written: str, value: Any) -> None:
    reader = mine(time={"column": ["at", "when"], "format": written})
    found = read(reader, event(at=value))
    assert [(row, field) for row, field, _ in mistakes(found)] == [(0, "at")]
    assert str(value) not in found.mistakes[0].message or value in (None, "")


def test_everything_that_is_wrong_is_named_by_row_and_name() -> None:
    found = read(
        game(),
        LAUNCH,
        raw_event(event_id=...),
        raw_event(event_time=..., item_price="much"),
        raw_event(customer_identifier="x" * 201),
        raw_event(session_id=["s"]),
        raw_event(customer_identifier=..., session_id=...),
        raw_event(note="x" * 70_000),
        END,
    )
    assert [(row, field) for row, field, _ in mistakes(found)] == [
        (1, "event_id"),
        (2, "event_time"),
        (2, "item_price"),
        (3, "customer_identifier"),
        (4, "session_id"),
        (5, "customer_identifier"),
        (6, "note"),
    ]
    assert list(found.rows) == [0, 7]
    assert list(found.events.type) == ["app_launched", "game_end"]


def test_an_attribute_is_told_by_the_event_that_tells_it_and_overwrites_nothing() -> None:
    attributes = {
        "land": {"of": "country"},
        "social": {"of": "login", "contains": ["face", "insta"]},
    }
    found = read(
        mine(attributes=attributes),
        event(country="DE", login="instagram"),
        event(login=3, land="kept", country="FR"),
        event(country=None),
        event(),
    )
    assert told(found) == [
        {"country": "DE", "login": "instagram", "land": "DE", "social": True},
        {"login": 3, "land": "kept", "country": "FR", "social": False},
        {"country": None},
        None,
    ]


BODY = json.dumps({"mapping": "game", "events": GAME}).encode()


@pytest.mark.parametrize(
    ("body", "is_decoded"),
    [
        (BODY, True),
        (BODY[:-1] + b', "source": "other"}', True),
        (BODY.replace(b'"sku": "coins"', b'"sku": ["coins"]'), False),
        (BODY.replace(b'"sku": "coins"', b'"sku": 99999999999999999999'), False),
    ],
)
def test_a_body_is_read_as_by_its_model(body: bytes, is_decoded: bool) -> None:
    quickly = RawEvents.read(body)
    assert isinstance(quickly, Decoded) is is_decoded
    slowly = RawEvents.model_validate_json(body)
    assert quickly.n_rows == slowly.n_rows == len(GAME)
    assert quickly.columns == slowly.columns  # type: ignore[attr-defined]
    found = [
        RawReaders(raw_mappings("")).events(one.columns)  # type: ignore[attr-defined]
        for one in (quickly, slowly)
    ]
    assert repr([vars(found[0])[name] for name in ("id", "source", "amount")]) == repr(
        [vars(found[1])[name] for name in ("id", "source", "amount")]
    )


@pytest.mark.parametrize(
    "line",
    [
        b'{"a":1}',
        b' {"a" : "x\\u00e4", "b":[{"c":null}]}\n',
        b'{"a":99999999999999999999}',
        b'{"a":"\\\\u0000"}',
    ],
)
def test_a_line_is_read_as_in_a_request(line: bytes) -> None:
    body = b'{"mapping":"x","events":[%s]}' % line
    assert objects_of([line, b'{"other":2}']) == [
        RawEvents.model_validate_json(body).events[0],
        {"other": 2},
    ]


@pytest.mark.parametrize(
    "line",
    [
        b"[1]", b"7", b"{", b'{"a":1},{"a":2}', b'{"a":1}],"events":[{"a":2}', b'{"a":1,"a":2}',
        b'{"a":NaN}', b'{"a":1e999}', b'{"a":"\\u0000"}', b'{"a":"\\ud800"}', b'{"a":"\xff"}',
        b'{"a":' + b"9" * 310 + b"}", b'{"a":' + b"[" * 9_000 + b"]" * 9_000 + b"}",
    ],
)  # fmt: skip
def test_a_line_that_no_request_could_hold_is_refused(line: bytes) -> None:
    good, bad = objects_of([b'{"a":1}', line])
    assert good == {"a": 1}
    assert isinstance(bad, str)


def test_a_mapping_that_nobody_knows_is_named_among_those_there_are() -> None:
    readers = RawReaders(raw_mappings(""))
    with pytest.raises(BadRows) as refused:
        readers.events(RawUpload("gmae", None, [dict(OFFER)]))
    (problem,) = refused.value.problems
    assert (problem.row, problem.field) == (None, "mapping")
    assert "game" in problem.message


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"customer": None, "session": None}, "customer or a session"),
        ({"customer": "at"}, "each name for one thing: ['at']"),
        ({"drop": ["kind"]}, "each name for one thing: ['kind']"),
        ({"colour": "x"}, "raw.colour"),
        ({"time": {"column": "at", "format": "unix"}}, "epoch_ms"),
        ({"customer": []}, "raw.customer"),
        ({"amount": {"bought": []}}, "raw.amount.bought"),
        ({"attributes": {"a": {"contains": "b"}}}, "raw.attributes.a.of"),
    ],
)
def test_a_bad_mapping_says_what_is_wrong(raw: dict[str, Any], said: str) -> None:
    with pytest.raises(BadMapping, match=re.escape(said)):
        mine(**raw)


def test_a_site_has_mappings_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "[raw]\n" + "".join(f'{name} = "{value}"\n' for name, value in MINE.items())
    (tmp_path / "shop.toml").write_text(text)
    monkeypatch.setenv("VALUEBOX_MAPPINGS", str(tmp_path))
    service = SimpleNamespace()
    assert COMPARTMENT.open is not None
    COMPARTMENT.open(service, None)
    found = service.raw_readers.events(RawUpload("shop", None, [event()]))
    assert list(found.source) == ["shop"]
    found = service.raw_readers.events(RawUpload("shop", "elsewhere", [event()]))
    assert list(found.source) == ["elsewhere"]
    (tmp_path / "game.toml").write_text(text)
    with pytest.raises(BadMapping, match="called game is shipped"):
        COMPARTMENT.open(service, None)
    monkeypatch.setenv("VALUEBOX_MAPPINGS", str(tmp_path / "nowhere"))
    with pytest.raises(BadMapping, match="no such folder"):
        COMPARTMENT.open(service, None)


def test_the_guide_shows_the_mapping_that_is_shipped() -> None:
    shipped = (SHIPPED / "game.toml").read_text().partition("\n")[2]
    assert f"```toml\n{shipped}```" in (ROOT / "docs" / "import.md").read_text()
