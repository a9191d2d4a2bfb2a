"""Experiments are begun, dealt out and judged, on both databases."""

from datetime import timedelta
from pathlib import Path

import pytest
from support.commands import valuebox
from support.visitors import FIRST, MINUTE, SHOP, show, store_events, view

from valuebox.compartments.recommend.experiments import (
    ExperimentRefused,
    begin_experiment,
    end_experiment,
    report_of,
)
from valuebox.compartments.recommend.proof.assignment import HOLDBACK, assign
from valuebox.compartments.recommend.proof.schemas import Experiment
from valuebox.compartments.recommend.repository import running
from valuebox.store.clock import CLOCK
from valuebox.store.engine import Store

SHARES = {"popular": 0.5, "personal": 0.5}
LAID = Experiment(name="first", shares=SHARES)


def begin(store: Store, laid: Experiment = LAID) -> None:
    with store.writing() as session:
        begin_experiment(session, SHOP, laid)


def test_one_experiment_runs_in_a_shop_at_a_time(store: Store) -> None:
    begin(store)
    with store.reading() as session:
        found = running(session, SHOP, CLOCK.moment())
        assert running(session, "another", CLOCK.moment()) is None
    assert found is not None
    assert (found.name, list(found.shares.items())) == ("first", list(SHARES.items()))
    with pytest.raises(ExperimentRefused, match="first runs in"):
        begin(store, Experiment(name="second", shares=SHARES))
    with store.writing() as session:
        end_experiment(session, SHOP, "first")
    with store.reading() as session:
        assert running(session, SHOP, CLOCK.moment() + timedelta(seconds=1)) is None
    with pytest.raises(ExperimentRefused, match="has had an experiment called first"):
        begin(store)
    with store.writing() as session, pytest.raises(ExperimentRefused, match="no experiment"):
        end_experiment(session, SHOP, "first")


def test_a_report_counts_what_sessions_did_after_their_lists(store: Store) -> None:
    begin(store)
    at = CLOCK.moment() - timedelta(hours=2)
    events = []
    for number in range(300):
        name = f"x{number}"
        arm = assign(SHOP, "first", name, SHARES)
        listed = show(store, name, arm=arm, experiment="first", at=at)
        events.append(view(name, "boot", at - MINUTE))
        if arm == "personal":
            # A third says where it came from; of the others it is inferred.
            via = {"via": str(listed.id)} if number % 3 == 0 else {}
            events.append(view(name, "lace", at + MINUTE, properties={"item": "lace", **via}))
        events += [view(name, "hat", at + step * MINUTE) for step in range(3, 3 + number % 3)]
        if number % 10 == 0:
            events.append(view(name, "lace", at + 2 * MINUTE, type="bought", amount=20.0))
    store_events(store, events)
    show(store, "elsewhere", arm="personal", experiment="another", at=at)
    with store.reading() as session:
        found = report_of(session, SHOP, "first")
    by_name = {one.name: one for one in found.arms}
    assert sum(one.sessions for one in found.arms) == 300
    assert set(by_name) == {"popular", "personal", HOLDBACK}
    personal = by_name["personal"]
    assert (personal.lists, personal.clicked) == (personal.sessions, personal.sessions)
    assert 0 < personal.inferred < personal.clicked
    assert by_name["popular"].clicked == 0
    values = {(one.arm, one.kpi): one.value for one in found.figures}
    popular, views = values["popular", "views"], values["personal", "views"]
    assert popular == pytest.approx(2.0, abs=0.3)
    assert views == pytest.approx(3.0, abs=0.3)
    assert found.tells_purchases
    assert values["personal", "order_value"] == 20.0
    (of_views,) = (one for one in found.judged if one.kpi == "views")
    assert (of_views.arm, of_views.state) == ("personal", "better")
    assert of_views.change == pytest.approx(views / popular - 1)


def test_a_shop_that_tells_no_purchases_has_no_conversion(store: Store) -> None:
    begin(store)
    show(store, "x", arm="popular", experiment="first", at=FIRST)
    store_events(store, [view("x", "boot", FIRST)])
    with store.reading() as session:
        found = report_of(session, SHOP, "first")
    assert not found.tells_purchases
    assert {one.value for one in found.figures if one.kpi == "conversion"} == {None}


def test_a_shop_that_tells_orders_has_a_conversion_of_0_where_nobody_ordered(store: Store) -> None:
    begin(store)
    show(store, "x", arm="popular", experiment="first", at=FIRST)
    store_events(
        store,
        [view("x", "boot", FIRST), view("y", "boot", FIRST - timedelta(days=9), type="bought")],
    )
    with store.reading() as session:
        found = report_of(session, SHOP, "first")
    assert found.tells_purchases
    values = {(one.arm, one.kpi): one.value for one in found.figures}
    assert (values["popular", "conversion"], values["popular", "order_value"]) == (0.0, None)


def test_amounts_in_another_currency_than_most_are_orders_of_an_unknown_amount(
    store: Store,
) -> None:
    begin(store)
    for name in "xyz":
        show(store, name, arm="popular", experiment="first", at=FIRST)
    paid = (("x", 20.0, "EUR"), ("y", 22.0, "EUR"), ("z", 3_000.0, "JPY"))
    store_events(
        store,
        [
            view(name, "boot", FIRST, type="bought", amount=amount, currency=currency)
            for name, amount, currency in paid
        ],
    )
    with store.reading() as session:
        found = report_of(session, SHOP, "first")
    values = {(one.arm, one.kpi): one.value for one in found.figures}
    assert (values["popular", "conversion"], values["popular", "order_value"]) == (1.0, 21.0)


def test_between_experiments_all_lists_are_compared_with_those_held_back(store: Store) -> None:
    arms = {f"v{one}": assign(SHOP, "", f"v{one}", {"personal": 1.0}) for one in range(60)}
    for name, arm in arms.items():
        show(store, name, arm=arm, at=FIRST)
        # Somebody has looked at what personal lists would be; that is no session of the arm.
        if arm == HOLDBACK:
            show(store, name, arm="personal", at=FIRST)
    show(store, "elsewhere", arm="popular", experiment="first", at=FIRST)
    store_events(store, [view(name, "boot", FIRST) for name in arms])
    with store.reading() as session:
        found = report_of(session, SHOP, None)
    held = sum(arm == HOLDBACK for arm in arms.values())
    assert 0 < held < 12
    assert [(one.name, one.sessions) for one in found.arms] == [
        (HOLDBACK, held), ("personal", 60 - held),
    ]  # fmt: skip
    assert found.several_arms == 0
    assert [one.arm for one in found.verdicts] == ["personal"]


def test_clicks_on_interleaved_lists_are_those_of_whoever_picked_the_item(store: Store) -> None:
    laid = Experiment(name="mixed", kind="interleaved", shares=SHARES, primary="clicks")
    begin(store, laid)
    with store.reading() as session:
        dealt = running(session, SHOP, CLOCK.moment())
    assert dealt is not None
    assert dealt.shares == {"interleaved": 1.0}
    at, events = CLOCK.moment() - timedelta(hours=2), []
    for number in range(300):
        name = f"x{number}"
        arm = assign(SHOP, "mixed", name, dealt.shares)
        teams = ["personal", "popular"] if number % 2 else ["popular", "personal"]
        items = [{"item": "lace", "score": 1.0}, {"item": "hat", "score": 0.5}]
        if arm != HOLDBACK:
            items = [{**row, "picked_by": one} for row, one in zip(items, teams, strict=True)]
        listed = show(store, name, arm=arm, experiment="mixed", at=at, items=items)
        # Three of four click what the personal ranking has picked.
        clicked = items[teams.index("popular" if number % 4 == 0 else "personal")]["item"]
        told = {"item": clicked, "via": str(listed.id)}
        events.append(view(name, "clicked", at + MINUTE, properties=told))
    store_events(store, events)
    with store.reading() as session:
        found = report_of(session, SHOP, "mixed")
    assert [one.name for one in found.arms] == ["interleaved", HOLDBACK]
    preferred = found.preference
    assert preferred is not None
    assert preferred.is_told
    assert preferred.sessions == found.arms[0].sessions
    assert preferred.for_second + preferred.for_first == preferred.sessions
    assert preferred.share == pytest.approx(0.75, abs=0.04)
    assert found.verdicts[0].kind == "clicked more"


def test_nothing_shown_is_an_open_verdict(store: Store) -> None:
    with store.reading() as session:
        found = report_of(session, SHOP, None)
        with pytest.raises(ExperimentRefused, match="no experiment called other"):
            report_of(session, SHOP, "other")
    assert found.verdicts[0].kind == "open"
    assert found.months == []


def test_an_experiment_is_begun_told_of_and_ended_by_commands(
    store: Store, database_url: str, tmp_path: Path
) -> None:
    whose = ("--source", SHOP, "--database-url", database_url)
    command = ("recommend", "experiment")
    valuebox(*command, "start", "spring", *whose, "--margin", "conversion=0.1", "--planned", "900")
    listed, _ = valuebox(*command, "list", *whose)
    assert "spring" in listed
    show(store, "x", arm="popular", experiment="spring", at=FIRST)
    page = tmp_path / "report.html"
    said, _ = valuebox("recommend", "report", "spring", *whose, "--html", page)
    assert "popular" in said
    assert page.read_text().startswith("<!doctype html>")
    valuebox(*command, "stop", "spring", *whose)
    valuebox(*command, "start", "mixed", *whose, "--interleaved")
    listed, _ = valuebox(*command, "list", *whose)
    assert "interleaved" in listed
    said, _ = valuebox("recommend", "report", "mixed", *whose)
    assert "Too few sessions with a click" in said
    valuebox(*command, "stop", "mixed", *whose)
    for wrong, told in (
        (("start", "spring"), "spring before"),
        (("start", "b", "--margin", "conversion"), "conversion=0.05"),
        (("start", "b", "--primary", "joy"), "joy"),
        (("start", "b", "--popular", "1.5"), "shares"),
        (("start", "b", "--interleaved", "--margin", "views=0.1"), "clicks alone"),
        (("start", "b", "--interleaved", "--popular", "0.4"), "half each"),
        (("stop", "b"), "no experiment called b"),
    ):
        _, said = valuebox(*command, *wrong, *whose, exit_code=2)
        assert told in said
