"""Whether inputs of forecasts are what they were, as monitoring tells; on both databases."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from valuebox.compartments.handle.ledger import LEDGER
from valuebox.compartments.handle.loading import Load, store_load
from valuebox.compartments.handle.tables import HandleAsking, HandleBet, HandleMatch, HandleUser
from valuebox.compartments.handle.watching.evidence import evidence
from valuebox.compartments.handle.watching.inputs import inputs
from valuebox.store.engine import Store
from valuebox.store.ids import new_id
from valuebox.store.writing import Rows

NOW = datetime(2026, 5, 20, 5, tzinfo=UTC)
NIGHTS = 24


def crossed(store: Store) -> dict[str, float]:
    """What is beyond its limit, with its figure."""
    with store.reading() as session:
        found = list(inputs(session))
    assert {one.name for one in found}
    return {one.name: one.figure for one in found if one.finding.crossed}


@pytest.mark.sqlite_alone
def test_too_few_weeks_are_not_taken_for_calm(store: Store) -> None:
    with store.reading() as session:
        found = evidence(session, LEDGER, date(2026, 1, 1), date(2026, 6, 30), None)
    assert found.unknown is not None
    assert "0 weeks" in found.unknown


def put_loads(
    store: Store,
    bets: Sequence[int],
    placeless: float = 0.02,
    match: str = "m1",
    times: int = 1,
) -> None:
    """A load a night: so many bets, 50 users, and a match on the day after.

    Args:
        store: Where to.
        bets: Of each night.
        placeless: Share of the users of the last seven nights without a place; of others it is
            one in 50.
        match: Id of the match that bets of these nights are on.
        times: How often each load is repeated.
    """
    for night, count in enumerate(bets):
        at = NOW - timedelta(days=len(bets) - night)
        is_late = at > NOW - timedelta(days=8)
        teams = {"home": "Voles", "away": "Owls", "home_place": "", "away_place": "", "slot": "fri"}
        when = {"kickoff": at + timedelta(days=1), "season": 2026, "week": night}
        own = {
            "id": [f"{night}-{one}" for one in range(count)],
            **{"match_id": match if is_late else "m1", "user_id": "u", "placed_at": at},
            **{"placed_hour": 1.0, "amount": 5.0, "state": "open", "counts": True},
        }
        users = {
            "id": [f"{night}-{one}" for one in range(50)],
            **{"registered_at": at, "registered_hour": 1.0},
        }
        lost = round(50 * (placeless if is_late else 0.02))
        users["place"] = ["" if one < lost else "Norvale" for one in range(50)]
        load = Load(
            Rows(HandleMatch, 1, {"id": [f"m{night}"], **teams, **when}),
            Rows(HandleUser, 50, users),
            Rows(HandleBet, count, own),
            {"users without a place": lost},
        )
        for _ in range(times):
            with store.writing() as session:
                store_load(session, load, at)


def put_askings(store: Store, feed: Sequence[tuple[str, str]]) -> None:
    """A request an hour, each with the state of the feed and what was strange about it."""
    with store.writing() as session:
        for hour, (state, note) in enumerate(feed):
            at = NOW - timedelta(hours=len(feed) - hour)
            sources: list[dict[str, Any]] = [{"name": "warehouse", "state": "used", "notes": []}]
            sources.append({"name": "feed", "state": state, "notes": [note] if note else []})
            # Of many requests in the hour each meets the same feed.
            for minute in range(3):
                session.add(
                    HandleAsking(
                        id=new_id(), asked_at=at + timedelta(minutes=minute), loaded_to=NOW,
                        feed=None, answer={"sources": sources},
                    )
                )  # fmt: skip


def test_a_month_like_any_other_is_left_in_peace(store: Store) -> None:
    put_loads(store, [90, *[40, 60, 20] * 8])
    put_askings(store, [*[("used", "")] * 95, *[("absent", "It is down.")] * 5])
    assert crossed(store) == {}


@pytest.mark.parametrize(
    ("feed", "told"),
    [
        (("ignored", "all_registered differs."), "hours without the feed"),
        (("used", "2 of its events have teams that are not known."), "hours with unknown teams"),
    ],
)
@pytest.mark.sqlite_alone
def test_a_feed_that_is_no_use_for_a_day_is_told(
    store: Store, feed: tuple[str, str], told: str
) -> None:
    put_loads(store, [20] * NIGHTS)
    put_askings(store, [*[("used", "")] * 75, *[feed] * 25])
    assert crossed(store) == {told: 0.25}


@pytest.mark.parametrize(("thin", "is_told"), [([0], False), ([0, 1], True), ([0, 40], False)])
@pytest.mark.sqlite_alone
def test_loads_that_bring_hardly_any_bets_are_told_unless_it_is_a_single_one(
    store: Store, thin: list[int], is_told: bool
) -> None:
    put_loads(store, [*[20] * NIGHTS, *thin])
    assert ("thin loads" in crossed(store)) == is_told


@pytest.mark.sqlite_alone
@pytest.mark.sqlite_alone
def test_loads_that_are_repeated_hide_no_thin_ones(store: Store) -> None:
    put_loads(store, [*[20] * NIGHTS, 0, 1], times=2)
    assert crossed(store) == {"thin loads": 2.0}


@pytest.mark.sqlite_alone
def test_more_users_without_a_place_than_before_are_told(store: Store) -> None:
    put_loads(store, [20] * NIGHTS, placeless=0.1)
    assert crossed(store) == {"users without a place": 0.1}


@pytest.mark.sqlite_alone
def test_a_warehouse_may_send_all_its_users_every_night(store: Store) -> None:
    put_loads(store, [20] * NIGHTS)
    nobody, moment = Rows(HandleMatch, 0, {}), {"registered_at": NOW, "registered_hour": 1.0}
    for days, count in ((-9, 400), (1, 403), (2, 406)):
        users = {
            "id": [f"p{one}" for one in range(count)],
            **{"place": [*[""] * 40, *["Norvale"] * (count - 40)], **moment},
        }
        told = {"users without a place": 40}
        load = Load(nobody, Rows(HandleUser, count, users), Rows(HandleBet, 0, {}), told)
        with store.writing() as session:
            store_load(session, load, NOW + timedelta(days=days))
    assert "users without a place" not in crossed(store)


@pytest.mark.sqlite_alone
def test_bets_on_matches_that_are_not_known_are_told(store: Store) -> None:
    put_loads(store, [20] * NIGHTS, match="nobody's")
    assert crossed(store) == {"bets on unknown matches": 1.0}
