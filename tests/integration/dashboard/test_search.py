"""What the search finds of people, matches and requests, and hands out or deletes of people."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from support.commands import valuebox
from support.dashboards import HTML, Site, site_on
from support.facts import event, put_events
from support.pages import Page
from support.responded import fold, opened, predict
from support.sums import send
from support.users import user

from valuebox.access import callers as access
from valuebox.access.keys import Scope
from valuebox.compartments.handle.tables import HandleMatch
from valuebox.compartments.ltv.model import LtvModel
from valuebox.dashboard import persons, search
from valuebox.dashboard.stored_rows import StoredRows
from valuebox.store.engine import Store

HOSTILE = "<img src=x onerror=alert(1)>"
TODAY = f"{datetime.now(UTC):%Y-%m-%d}"


@pytest.fixture
def site(store: Store, model: LtvModel, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    # Keys that were made a moment ago work at once.
    monkeypatch.setattr(access, "REFRESH_SECONDS", 0.0)
    many = (event(f"e{at}", customer="7", time=f"{TODAY}T00:00:{at:02}Z") for at in range(12))
    put_events(opened(store), *many)
    put_events(store, event("x", source=HOSTILE, customer=HOSTILE, session="s-1", time=TODAY))
    put_events(store, event("y", source="other", customer=None, session="s-9", time=TODAY))
    predict(store, 7, 2, 0.4)
    fold(store)
    with site_on(store, model) as found:
        yield found


def found(site: Site, text: str, source: str = "") -> str:
    answer = site.at(f"/search?q={quote(text)}&source={quote(source)}")
    assert answer.status_code == 200, answer.text
    assert "<img" not in answer.text
    return answer.text


def told(page: str) -> list[str]:
    """The headings of what was found, those of tables with how many rows there are."""
    headings = re.findall("<h[23][^>]*>(.*?)</h[23]>", page, re.DOTALL)
    texts = (unescape(re.sub("<[^>]*>", "", one)) for one in headings)
    return [" ".join(one.split()) for one in texts if one not in ("Export", "Forget")]


def cells(page: str) -> list[str]:
    return Page(page).texts("td")


def sent(site: Site, path: str, **fields: str) -> httpx.Response:
    return site.http.post(path, data=fields, headers=HTML)


def exported(site: Site, **fields: str) -> list[dict[str, Any]]:
    answer = sent(site, persons.EXPORT, **fields)
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def test_a_customer_is_told_of_by_every_compartment(site: Site) -> None:
    page = found(site, "7")
    assert "Customer or visitor 7 of shop" in told(page)
    # Of twelve events the newest are shown, and how many there are.
    assert {"Facts: events 12", "Response: predictions 2"} <= set(told(page))
    assert cells(page).count("e11") == 1
    assert cells(page).count("e0") == 0


def test_a_visitor_whom_nobody_knows_is_found_by_the_session(site: Site) -> None:
    assert told(found(site, "s-9"))[:1] == ["Customer or visitor s-9 of other"]
    assert told(found(site, "s-9", "shop")) == []


def test_users_requests_and_rows_are_found_by_their_ids(site: Site, model: LtvModel) -> None:
    request = send(site.store, [user(user_id=41), user(user_id=42)], model)
    assert told(found(site, "42"))[0] == "User 42"
    page = found(site, str(request))
    assert told(page)[0] == f"Request {request}"
    assert "Lifetime value: features 2" in told(page)
    assert {"41", "42"} <= set(cells(page))
    with site.store.reading() as session:
        (of_user,) = search.search(session, "42", None, [])
    row = of_user.parts[0].tables[0].rows[0]
    # The id of one of its rows leads to the request as well.
    assert told(found(site, str(row["id"])))[0].startswith("Request")


def test_a_match_is_found(site: Site) -> None:
    at = datetime.now(UTC)
    names = dict.fromkeys(("home", "away", "home_place", "away_place", "slot"), HOSTILE)
    with site.store.writing() as session:
        session.add(HandleMatch(id="M-1", loaded_at=at, season=2026, week=9, kickoff=at, **names))
    page = found(site, "M-1")
    assert told(page) == ["Match M-1", "Handle: matches 1"]
    assert cells(page).count(HOSTILE) == len(names)


def test_what_was_sent_is_only_text(site: Site) -> None:
    assert told(found(site, HOSTILE))[0] == f"Customer or visitor {HOSTILE} of {HOSTILE}"
    assert told(found(site, "' OR 1=1 --")) == []
    assert told(found(site, "9" * 30)) == []
    for nothing in ("%00", "x" * 201):
        assert site.at(f"/search?q={nothing}").status_code == 400


def test_a_blank_that_was_pasted_with_an_id_is_seen(site: Site) -> None:
    page = found(site, "7 ")
    assert told(page) == []
    assert "Nothing is stored under <code>7␣</code>" in page


def test_a_machine_is_looked_at_in_part(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MOST", 5)
    assert "Facts: events 6 or more" in told(found(site, "7"))


def test_an_admin_exports_what_the_command_does(site: Site, database_url: str) -> None:
    rows = exported(site, id="7", source="shop", key=site.key("boss", Scope.ADMIN))
    output, _ = valuebox("users", "export", "7", "--source", "shop", "--database-url", database_url)
    assert rows == [json.loads(line) for line in output.splitlines()]
    assert {"events", "response_predictions"} <= {one["table"] for one in rows}


def test_an_admin_forgets_somebody_and_nobody_else(site: Site) -> None:
    key = site.key("boss", Scope.ADMIN)
    other = exported(site, id="8", source="shop", key=key)
    answer = sent(site, persons.FORGET, id="7", source="shop", again="7", key=key)
    assert answer.status_code == 200, answer.text
    assert "12 events" in Page(answer.text).texts("li")
    assert told(found(site, "7", "shop")) == []
    assert exported(site, id="8", source="shop", key=key) == other
    assert other


@pytest.mark.sqlite_alone
@pytest.mark.parametrize("path", [persons.EXPORT, persons.FORGET])
def test_nobody_else_does(site: Site, path: str) -> None:
    # The service is open to everybody, who may look.
    form = {"id": "7", "source": "shop", "again": "7"}
    for key in ("", "vbx_0123456789ab_wrong", site.key("reads", Scope.READ, Scope.INGEST)):
        answer = sent(site, path, **form, key=key)
        assert answer.status_code == 403, answer.text
    boss = site.key("boss", Scope.ADMIN)
    foreign = site.http.post(
        path, data={**form, "key": boss}, headers={**HTML, "Sec-Fetch-Site": "cross-site"}
    )
    assert foreign.status_code == 403
    assert site.http.get(path, params={**form, "key": boss}).status_code == 405
    assert site.http.post(path, json={**form, "key": boss}).status_code == 415
    assert "Customer or visitor 7 of shop" in told(found(site, "7"))


@pytest.mark.sqlite_alone
def test_what_cannot_be_meant_is_not_forgotten(site: Site) -> None:
    key = site.key("boss", Scope.ADMIN)
    for form in (
        {"id": "7", "source": "shop", "again": "8"},
        {"id": "7", "source": "shop"},
        {"id": "seven", "again": "seven"},
        {"source": "shop", "again": "7"},
        {"id": "7", "source": "shop", "again": "7", "more": "x"},
    ):
        assert sent(site, persons.FORGET, **form, key=key).status_code == 400, form
    assert "Customer or visitor 7 of shop" in told(found(site, "7"))


@pytest.mark.sqlite_alone
def test_a_session_opens_the_search_and_not_what_takes_an_admin(
    store: Store, model: LtvModel
) -> None:
    with site_on(store, model, mode="keys") as site:
        boss = site.key("boss", Scope.ADMIN)
        assert site.at("/search?q=7").status_code == 401
        # Whoever has not signed in is asked to, whatever key the form holds.
        form = {"id": "7", "source": "shop", "again": "7"}
        assert sent(site, persons.FORGET, **form, key=boss).status_code == 401
        assert site.sign_in(boss).status_code == 303
        assert site.at("/search?q=7").status_code == 200
        assert sent(site, persons.FORGET, **form).status_code == 403
        assert sent(site, persons.FORGET, **form, key=boss).status_code == 200


@pytest.mark.sqlite_alone
def test_columns_that_say_nothing_are_left_out_and_moments_come_first() -> None:
    row = {"table": "t", "whose": "7", "none": None, "empty": {}, "share": 0.25, "is": True}
    shown = StoredRows.of("t", 1, [{**row, "at": datetime(2026, 1, 2, tzinfo=UTC)}], {"7"})
    assert [one.name for one in shown.table.columns] == ["at", "share", "is"]
    ((_, at), (_, share), (_, truth)) = shown.table.rows(shown.rows)[0]
    assert (f"{at:%Y-%m-%d}", share, truth) == ("2026-01-02", "0.25", "yes")
