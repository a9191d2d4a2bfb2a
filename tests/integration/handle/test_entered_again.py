"""A match that the warehouse enters again, under another id: it is one match; on both databases."""

from dataclasses import replace

import pandas as pd
import pytest
from support import matches
from support.filled import Rows

from valuebox.compartments.handle.page.asked import HandlePageQuestion
from valuebox.compartments.handle.page.page import look
from valuebox.compartments.handle.repository import history
from valuebox.compartments.handle.schemas import HandleForecasts, HistoryQuestion
from valuebox.compartments.handle.settling import settle
from valuebox.serving.errors import Unanswerable
from valuebox.store.engine import Store
from valuebox_cli.handle.storing import store_clean


def forecast(store: Store, days: float, **asked: object) -> HandleForecasts:
    said = matches.ask(store, matches.steps(store, days), **asked)
    return HandleForecasts.model_validate_json(said)


@pytest.fixture
def rows_of_store() -> Rows:
    """Two loads."""
    return matches.rows(until=-13, since=-14)


@pytest.fixture
def corrected(store: Store) -> tuple[Store, str, HandleForecasts]:
    """A match, and forecasts; then it is entered again, and some bets name its new id."""
    before = forecast(store, -12.7)
    id_ = before.matches[0].match
    rows = matches.loaded(-14, -13)
    again = rows.matches[rows.matches["id"] == id_].assign(id="again")
    again["kickoff"] += pd.Timedelta(hours=2)
    moved = rows.bets[rows.bets["match"] == id_].assign(match="again").iloc[::2]
    assert len(moved) > 3
    corrected = replace(rows, matches=again, bets=moved, users=rows.users.head(0))
    store_clean(store, corrected, matches.moment(-12.6))
    return store, id_, before


def test_it_is_forecast_once_with_the_bets_of_both_ids(
    corrected: tuple[Store, str, HandleForecasts],
) -> None:
    store, _, before = corrected
    after = forecast(store, -12.5)
    assert [one.match for one in after.matches] == [one.match for one in before.matches]
    first, then = before.matches[0], after.matches[0]
    assert (then.known, then.known_bets) == pytest.approx((first.known, first.known_bets))
    assert (then.kickoff - first.kickoff) == pd.Timedelta(hours=2)
    assert then.previous is not None
    # A forecast of the past knows nothing of it.
    past = forecast(store, -12.4, as_of=matches.moment(-12.7).isoformat())
    assert [one.model_copy(update={"previous": None, "prediction_id": None}) for one in
            before.matches] == [one.model_copy(update={"previous": None})
                                for one in past.matches]  # fmt: skip


def test_it_goes_by_either_id_and_by_both_at_once_not(
    corrected: tuple[Store, str, HandleForecasts],
) -> None:
    store, id_, _ = corrected
    (one,) = forecast(store, -12.5, matches=["again"]).matches
    assert one.match == id_
    with pytest.raises(Unanswerable) as refused:
        forecast(store, -12.5, matches=[id_, "again"])
    assert [(one.row, one.field) for one in refused.value.problems] == [(1, "matches")]
    with store.reading() as session:
        of_both = [history(session, HistoryQuestion(match=name)) for name in (id_, "again")]
    assert [len(one.vintages) for one in of_both] == [2, 2]


@pytest.mark.sqlite_alone
def test_the_page_shows_it_once_by_either_id(
    corrected: tuple[Store, str, HandleForecasts],
) -> None:
    store, id_, before = corrected
    with store.reading() as session:
        found = [
            look(session, HandlePageQuestion(match=name), None, 1).rows for name in (id_, "again")
        ]
    assert found[0] == found[1]
    (shown,) = [one for one in found[0]["week"] if one.match.home == before.matches[0].home_team
                and one.match.away == before.matches[0].away_team]  # fmt: skip
    assert shown.match.id == id_
    assert shown.match.kickoff - before.matches[0].kickoff == pd.Timedelta(hours=2)
    bets = [one.bets for one in found[0]["curve"] if one.bets is not None]
    assert bets[-1] == pytest.approx(before.matches[0].known, rel=0.02)


def test_its_handle_is_that_of_both_ids(corrected: tuple[Store, str, HandleForecasts]) -> None:
    store, id_, _ = corrected
    late = matches.loaded(-13, 0)
    theirs = late.bets.index[late.bets["match"] == id_]
    late.bets.loc[theirs[::2], "match"] = "again"
    store_clean(store, late, matches.moment(0))
    with store.writing() as session:
        settle(session, matches.moment(0))
    with store.reading() as session:
        found = history(session, HistoryQuestion(match=id_))
    known = matches.loaded(None, 0).bets
    known = known[(known["match"] == id_) & known["counts"]]
    assert found.actual == pytest.approx(known["amount"].sum())
