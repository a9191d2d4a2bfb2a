"""Visitors are shown what others looked at next, over HTTP."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from support.services import Service, eventually
from support.visitors import FIRST, ITEMS, MINUTE, SHOP, view, views

from valuebox.compartments.recommend.experiments import begin_experiment, end_experiment
from valuebox.compartments.recommend.proof.assignment import HOLDBACK, assign
from valuebox.compartments.recommend.proof.schemas import Experiment
from valuebox.compartments.recommend.reporting import BY_MONTH, make_report
from valuebox.compartments.recommend.tables import Exposure

RECOMMEND, SIMILAR = "/v1/recommend", "/v1/recommend/similar"
SESSIONS = [f"s{number}" for number in range(60)]


@pytest.fixture(scope="module")
def shop(service: Service) -> Service:
    """A service that knows what visitors of a shop looked at."""
    answer = service.http.post("/v1/events", json=views())
    assert answer.status_code == 200, answer.text
    eventually(lambda: ask(service, items=["boot"])["fallback"] is None)
    return service


def ask(service: Service, **asked: Any) -> dict[str, Any]:
    body = {"source": SHOP, "session": uuid4().hex, "variant": "personal"} | asked
    answer = service.http.post(RECOMMEND, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def items(answer: dict[str, Any]) -> list[str]:
    return [one["item"] for one in answer["items"]]


def test_what_was_looked_at_together_comes_first_and_says_why(shop: Service) -> None:
    found = ask(shop, items=["boot"], explain=True, count=2)
    assert set(items(found)) == {"lace", "sole"}
    assert {tuple(one["because_of"]) for one in found["items"]} == {("boot",)}
    assert (found["arm"], found["experiment"], found["model"]) == ("personal", None, None)
    assert found["index_age"] >= 0


def test_a_list_is_stored_with_what_it_was_made_of(shop: Service) -> None:
    found = ask(shop, items=["boot"], count=2, place="home")
    with shop.store.reading() as session:
        row = session.scalars(select(Exposure).where(Exposure.source == SHOP)).all()[-1]
    assert str(row.id) == found["id"]
    assert (row.place, row.seen, row.arm) == ("home", ["boot"], "personal")
    assert [one["item"] for one in row.items] == items(found)
    assert row.built_at is not None


def test_the_item_being_looked_at_is_no_recommendation(shop: Service) -> None:
    for variant in ("personal", "popular"):
        assert "boot" not in items(ask(shop, items=["lace", "boot"], variant=variant))
        assert "lace" in items(ask(shop, items=["lace", "boot"], variant=variant))
        asked = {"items": ["lace", "boot"], "variant": variant, "unseen": True}
        assert not {"lace", "boot"} & set(items(ask(shop, **asked)))


def test_nobody_known_gets_popular_items_and_is_told_so(shop: Service) -> None:
    for seen in ([], ["never heard of"]):
        found = ask(shop, items=seen)
        assert found["fallback"] == "no_views"
        assert set(items(found)) == set(ITEMS)
    assert ask(shop, items=["boot"], variant="popular")["fallback"] is None


def test_a_shop_without_views_has_empty_lists(shop: Service) -> None:
    found = ask(shop, source=f"new-{uuid4().hex}", items=["boot"])
    assert (found["items"], found["fallback"]) in (([], "no_index"), ([], "no_views"))


def test_what_is_stored_of_a_session_counts_where_no_items_are_sent(shop: Service) -> None:
    session = uuid4().hex
    assert shop.http.post("/v1/events", json=[view(session, "hat", FIRST)]).is_success
    assert set(items(ask(shop, session=session, count=2))) == {"scarf", "glove"}


def test_excluded_bought_and_other_items_than_the_only_ones_are_not_listed(shop: Service) -> None:
    assert items(ask(shop, items=["boot"], exclude=["lace"], count=1)) == ["sole"]
    assert items(ask(shop, items=["boot"], only=["glove", "hat"])) in (
        ["glove", "hat"],
        ["hat", "glove"],
    )
    session = uuid4().hex
    told = [
        view(session, "boot", FIRST),
        view(session, "lace", FIRST + MINUTE, type="bought"),
    ]
    assert shop.http.post("/v1/events", json=told).is_success
    assert "lace" not in items(ask(shop, session=session))


def test_a_pinned_item_comes_first_and_a_category_is_bounded(shop: Service) -> None:
    told = [{"source": SHOP, "id": one, "category": "shoes"} for one in ITEMS[:3]]
    assert shop.http.post("/v1/items", json=told).is_success

    def is_capped() -> bool:
        found = ask(shop, items=["boot"], most_of_a_category=1, count=6)
        return len({"lace", "sole"} & set(items(found))) == 1

    eventually(is_capped)
    assert items(ask(shop, items=["boot"], pin=["glove"], count=2))[0] == "glove"


def test_an_item_out_of_stock_is_on_no_list_within_seconds_and_comes_back(shop: Service) -> None:
    def stock(**told: Any) -> None:
        body = [{"source": SHOP, "id": "sole", "title": "Sole", **told}]
        assert shop.http.post("/v1/items", json=body).is_success

    stock(available=False)
    eventually(lambda: "sole" not in items(ask(shop, items=["boot"])))
    assert items(ask(shop, items=["boot"], pin=["sole"], count=1)) != ["sole"]
    stock(ends=(FIRST - timedelta(days=1)).isoformat())
    assert "sole" not in items(ask(shop, items=["boot"]))
    stock()
    eventually(lambda: "sole" in items(ask(shop, items=["boot"])))
    found = ask(shop, items=["boot"], only=["sole"])
    assert found["items"][0]["title"] == "Sole"


def test_an_item_that_nobody_has_looked_at_is_tried_and_says_how_likely_that_was(
    shop: Service,
) -> None:
    """New items are tried in the last place for visitors of their category alone."""
    shelf = {"glove": "warm", "mitten": "warm", "shawl": "warm", "kettle": "kitchen"}
    told = [
        {"source": SHOP, "id": item, "category": category, "price": 20.0}
        for item, category in shelf.items()
    ]
    assert shop.http.post("/v1/items", json=told).is_success
    asked = {"items": ["glove"], "count": 2, "explore": 1.0, "explain": True}
    eventually(lambda: items(ask(shop, **asked))[-1] in ("mitten", "shawl"))
    found = [ask(shop, **asked) for _ in range(20)]
    assert {items(one)[-1] for one in found} == {"mitten", "shawl"}
    assert {items(one)[0] for one in found} <= {"hat", "scarf"}
    assert {(one["items"][-1]["explored"], one["items"][0]["explored"]) for one in found} == {
        (0.5, None)
    }
    with shop.store.reading() as session:
        rows = {str(row.id): row.items for row in session.scalars(select(Exposure))}
    assert all(rows[one["id"]][-1]["explored"] == 0.5 for one in found)
    again = ask(shop, **asked, session="same"), ask(shop, **asked, session="same")
    assert items(again[0]) == items(again[1])
    tries = [ask(shop, **{**asked, "explore": 0.3}) for _ in range(60)]
    assert 3 < sum(one["items"][-1]["explored"] is not None for one in tries) < 40
    for others in ({"explore": 0.0}, {"variant": "popular"}, {"exclude": ["mitten", "shawl"]}):
        one = ask(shop, **{**asked, **others})
        assert one["items"][-1]["explored"] is None
        assert items(one)[-1] not in ("mitten", "shawl", "kettle")
    gone = [{**one, "available": False} for one in told[1:]]
    assert shop.http.post("/v1/items", json=gone).is_success


def test_a_view_counts_within_seconds(shop: Service) -> None:
    new = f"new-{uuid4().hex}"
    told = [
        one
        for visitor in range(3)
        for one in (
            view(f"{new}-{visitor}", "glove", FIRST + timedelta(days=1)),
            view(f"{new}-{visitor}", new, FIRST + timedelta(days=1) + MINUTE),
        )
    ]
    assert shop.http.post("/v1/events", json=told).is_success
    eventually(lambda: new in items(ask(shop, items=["glove"])))


def test_similar_items_are_those_that_are_looked_at_together(shop: Service) -> None:
    answer = shop.http.get(SIMILAR, params={"source": SHOP, "item": "hat", "count": 2})
    assert {one["item"] for one in answer.json()["items"]} <= {"scarf", "glove"}
    nothing = shop.http.get(SIMILAR, params={"source": SHOP, "item": "never heard of"})
    assert nothing.json() == {"items": []}
    unnamed = shop.http.get(SIMILAR, params={"source": SHOP})
    assert unnamed.json()["error"]["problems"][0]["field"] == "item"


def test_several_visitors_are_answered_at_once_each_as_if_alone(shop: Service) -> None:
    asked = [
        {"source": SHOP, "session": f"several-{number}", "items": [item], "count": 2}
        for number, item in enumerate([*ITEMS, "never heard of"])
    ]
    body = {"questions": [{**one, "variant": "personal"} for one in asked]}
    key = {"Idempotency-Key": uuid4().hex}
    answer = shop.http.post(f"{RECOMMEND}/batch", json=body, headers=key)
    assert answer.status_code == 200, answer.text
    lists = answer.json()["lists"]
    assert [items(one) for one in lists] == [items(ask(shop, **one)) for one in asked]
    assert len({one["id"] for one in lists}) == len(asked)
    again = shop.http.post(f"{RECOMMEND}/batch", json=body, headers=key)
    assert again.json() == answer.json()
    bad = {"questions": [asked[0], {**asked[1], "count": 0}]}
    problem = shop.http.post(f"{RECOMMEND}/batch", json=bad).json()["error"]["problems"][0]
    assert (problem["field"], problem["row"]) == ("questions.count", 1)


def test_nothing_leaks_between_shops(shop: Service) -> None:
    other = f"other-{uuid4().hex}"
    told = [
        view("s", item, FIRST + step * MINUTE) | {"source": other}
        for step, item in enumerate(("boot", "yacht"))
    ]
    assert shop.http.post("/v1/events", json=told).is_success
    eventually(lambda: "yacht" in items(ask(shop, source=other, items=["boot"])))
    assert items(ask(shop, source=other, items=["boot"])) == ["yacht"]
    assert "yacht" not in items(ask(shop, items=["boot"]))


def test_the_page_shows_both_lists_and_what_the_next_look_changes(shop: Service) -> None:
    def page(query: str) -> str:
        answer = shop.http.get(f"/dashboard/recommend?{query}", headers={"Accept": "text/html"})
        assert answer.status_code == 200
        return answer.text

    found = page(f"source={SHOP}&seen=boot")
    assert "because of boot" in found
    assert f"source={SHOP}&amp;seen=boot&amp;seen=lace" in found
    assert "because of" not in page(f"source={SHOP}")
    make_report(shop.store, SHOP, BY_MONTH)
    assert "Figures by month" in page(f"source={SHOP}")
    csv = shop.http.get(f"/dashboard/recommend/personal.csv?source={SHOP}&seen=boot").text
    assert csv.splitlines()[0] == "place,item,title,because"
    assert {line.split(",")[1] for line in csv.splitlines()[1:3]} == {"lace", "sole"}
    assert "Nothing can be listed" in page("source=a-shop-that-nobody-knows")
    hostile = "%3Cscript%3Ealert(1)%3C/script%3E"
    assert "<script>alert(1)" not in page(f"source={SHOP}&seen={hostile}&session={hostile}")


def test_an_experiment_deals_sessions_out_and_some_are_always_held_back(shop: Service) -> None:
    without = {ask(shop, variant=None, session=f"s{n}", count=1)["arm"] for n in range(60)}
    assert without == {"personal", HOLDBACK}
    shares = {"popular": 0.5, "personal": 0.5}
    with shop.store.writing() as session:
        begin_experiment(session, SHOP, Experiment(name="spring", shares=shares))
    eventually(lambda: ask(shop, variant=None, session="s0")["experiment"] == "spring")
    arms = {name: ask(shop, variant=None, session=name, count=1)["arm"] for name in SESSIONS}
    assert arms == {name: assign(SHOP, "spring", name, shares) for name in SESSIONS}
    assert set(arms.values()) == {"popular", "personal", HOLDBACK}
    assert ask(shop, session="s0", variant="popular")["experiment"] is None
    with shop.store.writing() as session:
        end_experiment(session, SHOP, "spring")
    eventually(lambda: ask(shop, variant=None, session="s0")["experiment"] is None)


def test_popular_and_personal_items_are_picked_by_turns_and_stored_with_their_picker(
    shop: Service,
) -> None:
    laid = Experiment(
        name="mixed",
        kind="interleaved",
        shares={"popular": 0.5, "personal": 0.5},
        primary="clicks",
    )
    with shop.store.writing() as session:
        begin_experiment(session, SHOP, laid)
    dealt = next(one for one in SESSIONS if assign(SHOP, "mixed", one, {"x": 1.0}) != HOLDBACK)
    asked: dict[str, Any] = {"variant": None, "session": dealt, "items": ["boot"], "count": 4}
    eventually(lambda: ask(shop, **asked)["experiment"] == "mixed")
    found = ask(shop, **asked, explain=True)
    assert found["arm"] == "interleaved"
    pickers = [one["picked_by"] for one in found["items"]]
    assert (pickers.count("personal"), pickers.count("popular")) == (2, 2)
    reasons = {(one["picked_by"], *one["because_of"]) for one in found["items"]}
    assert ("personal", "boot") in reasons
    assert ("popular", "boot") not in reasons
    # The same question has the same list, whoever answers it.
    again = ask(shop, **asked)
    assert [(one["item"], one["picked_by"]) for one in again["items"]] == [
        (one["item"], one["picked_by"]) for one in found["items"]
    ]
    with shop.store.reading() as session:
        rows = {str(row.id): row for row in session.scalars(select(Exposure))}
    assert [one["picked_by"] for one in rows[found["id"]].items] == pickers
    lists = [ask(shop, **{**asked, "session": one})["items"] for one in SESSIONS]
    begun = {one[0]["picked_by"] for one in lists}
    assert begun == {"personal", "popular", None}  # None is that of sessions that are held back.
    # A pinned item is nobody's, and neither is a list for somebody of whom nothing is known.
    pinned = ask(shop, **{**asked, "pin": ["glove"]})["items"]
    assert (pinned[0]["item"], pinned[0]["picked_by"]) == ("glove", None)
    unknown = ask(shop, **{**asked, "items": []})
    assert (unknown["arm"], unknown["fallback"]) == ("interleaved", "no_views")
    assert {one["picked_by"] for one in unknown["items"]} == {None}
    shown = shop.http.get(f"/dashboard/recommend?source={SHOP}", headers={"Accept": "text/html"})
    assert "Too few sessions with a click" in shown.text
    assert "of both, by turns" in shown.text
    with shop.store.writing() as session:
        end_experiment(session, SHOP, "mixed")
    eventually(lambda: ask(shop, variant=None, session=dealt)["experiment"] is None)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"session": ""}, "session"),
        ({"count": 0}, "count"),
        ({"count": 101}, "count"),
        ({"items": [""]}, "items"),
        ({"items": "boot"}, "items"),
        ({"variant": "best"}, "variant"),
        ({"most_of_a_category": 0}, "most_of_a_category"),
    ],
)
def test_bad_questions_name_the_field(shop: Service, asked: dict[str, Any], field: str) -> None:
    answer = shop.http.post(RECOMMEND, json={"source": SHOP, "session": "s"} | asked)
    assert answer.status_code == 400
    assert answer.json()["error"]["problems"][0]["field"] == field
