"""Handles of matches that are over: written once they are known, revised, and kept as they were."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select
from support import matches
from support.commands import valuebox
from support.filled import Rows

from valuebox.compartments.handle.repository import history
from valuebox.compartments.handle.schemas import HandleForecasts, History, HistoryQuestion
from valuebox.compartments.handle.settling import settle
from valuebox.compartments.handle.tables import HandleBet, HandleOutcome
from valuebox.store.engine import Store
from valuebox_cli.handle.storing import store_clean


@pytest.fixture
def rows_of_store() -> Rows:
    """Two loads, before matches that are over by the third."""
    return matches.rows(until=-13, since=-14)


def settled(store: Store) -> int:
    with store.writing() as session:
        return settle(session, datetime.now(UTC))


def of(store: Store, match: str) -> History:
    with store.reading() as session:
        return history(session, HistoryQuestion(match=match))


def test_a_handle_is_known_after_the_match_and_revised_by_later_loads(store: Store) -> None:
    said = HandleForecasts.model_validate_json(
        matches.ask(store, matches.steps(store, -12.6), days=10)
    )
    assert settled(store) == 0
    late = matches.loaded(-13, 0)
    store_clean(store, late, matches.moment(0))
    assert settled(store) == len(said.matches)
    assert settled(store) == 0
    match = said.matches[0].match
    with store.reading() as session:
        bets = select(func.sum(HandleBet.amount)).where(
            HandleBet.match_id == match, HandleBet.counts, HandleBet.replaced_at.is_(None)
        )
        assert of(store, match).actual == pytest.approx(session.scalar(bets))
    # A bet is void after all.
    theirs = late.bets[(late.bets["match"] == match) & late.bets["counts"]].head(1)
    voided = replace(late, bets=theirs.assign(status="void", counts=False))
    before = of(store, match)
    store_clean(store, voided, matches.moment(0.2))
    assert settled(store) == 1
    after = of(store, match)
    assert before.actual is not None
    assert after.actual == pytest.approx(before.actual - theirs["amount"].sum())
    assert (before.revisions, after.revisions, len(after.vintages)) == (0, 1, 1)
    told, vintage = said.matches[0], after.vintages[0]
    assert (vintage.forecast, vintage.upper) == (told.forecast, told.upper)
    with store.reading() as session:
        outcomes = session.scalar(select(func.count()).select_from(HandleOutcome))
        assert outcomes == len(said.matches)


def test_a_match_that_is_put_off_is_not_over(store: Store) -> None:
    said = HandleForecasts.model_validate_json(
        matches.ask(store, matches.steps(store, -12.6), days=10)
    )
    late, later = matches.loaded(-13, 0), matches.moment(9).replace(tzinfo=None)
    match = said.matches[0].match
    store_clean(store, late, matches.moment(0))
    moved = late.matches[late.matches["id"] == match].assign(kickoff=later)
    store_clean(store, replace(late, matches=moved, bets=late.bets.head(0)), matches.moment(0.1))
    assert settled(store) == len(said.matches) - 1
    assert of(store, match).actual is None


def test_the_command_tells_what_is_new_and_what_is_revised(store: Store) -> None:
    said = HandleForecasts.model_validate_json(
        matches.ask(store, matches.steps(store, -12.6), days=10)
    )
    late = matches.loaded(-13, 0)
    store_clean(store, late, matches.moment(0))
    url = store.engine.url.render_as_string(hide_password=False)
    told, _ = valuebox("handle", "settle", "--database-url", url)
    assert told == f"{len(said.matches)} handles are new, 0 are revised\n"
    theirs = late.bets[(late.bets["match"] == said.matches[0].match) & late.bets["counts"]].head(1)
    late.bets = theirs.assign(status="void", counts=False)
    store_clean(store, late, matches.moment(0.2))
    told, _ = valuebox("handle", "settle", "--database-url", url)
    assert told.startswith("0 handles are new, 1 are revised")
    assert said.matches[0].match in told
