"""What the dashboard alone asks of the sums."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from support.dashboards import show
from support.sums import fold, send
from support.users import users

from valuebox.compartments.ltv.files import columns_of, read_users
from valuebox.compartments.ltv.ledger import LEDGER
from valuebox.compartments.ltv.model import LtvModel
from valuebox.dashboard.choices import Choice
from valuebox.dashboard.memory import Memory
from valuebox.dashboard.panels import BESIDE, shown
from valuebox.predictions.sums.drift import drift, drift_with_months
from valuebox.predictions.sums.selection import Selection
from valuebox.predictions.sums.totals import together, totals
from valuebox.schemas.names import MISSING_SEGMENT
from valuebox.store.engine import Store


def test_totals_are_those_of_the_users(store: Store, model: LtvModel, data_dir: Path) -> None:
    with store.reading() as session:
        assert totals(session, LEDGER, Selection()) == []
    assert together([]) is None
    known = read_users(data_dir / "valid.csv")
    show(store, model, known)
    send(store, [{**one, "country_segment": None} for one in users(20, 10**9)], model)
    fold(store)
    with store.reading() as session:
        found = totals(session, LEDGER, Selection())
        late = totals(
            session, LEDGER, Selection(first=known["join_date"].max().date(), segment="US")
        )
    everybody = together(found)
    assert everybody is not None
    (missing,) = (one for one in found if one.segment == MISSING_SEGMENT)
    assert (everybody.users, everybody.known_users) == (len(known) + 20, len(known))
    assert everybody.actual() == pytest.approx(known["target"].mean())
    of_known = model.predict(columns_of(known))
    assert everybody.predicted_of_known() == pytest.approx(of_known.mean())
    whole = (of_known.sum() + missing.prediction) / everybody.users
    assert everybody.predicted() == pytest.approx(whole)
    # Of twenty without an outcome their mean is had from both: not where these are few.
    assert everybody.predicted(20) == pytest.approx(whole)
    assert everybody.predicted(21) is None
    assert everybody.last_known == known["join_date"].max().date()
    assert (missing.users, missing.known_users, missing.actual()) == (20, 0, None)
    assert missing.predicted_of_known() is None
    assert missing.predicted() == pytest.approx(missing.prediction / 20)
    last_day = known[known["join_date"].dt.date == known["join_date"].max().date()]
    assert [one.users for one in late] == [int((last_day["country_segment"] == "US").sum())]


def test_drift_of_all_days_is_that_of_their_months_together(
    store: Store, model: LtvModel, data_dir: Path
) -> None:
    show(store, model, read_users(data_dir / "valid.csv"))
    show(store, model, read_users(data_dir / "test.csv"))
    with store.reading() as session:
        whole, by_month = drift_with_months(session, LEDGER, Selection())
        assert whole == drift(session, LEDGER, Selection())
        for first, last in (("2019-07-01", "2019-07-31"), ("2019-08-01", "2019-08-31")):
            of_month = drift(
                session, LEDGER, Selection(date.fromisoformat(first), date.fromisoformat(last))
            )
            found = [replace(one, period=None) for one in by_month if one.period == first[:7]]
            assert found == of_month
    assert {one.period for one in by_month} == {"2019-07", "2019-08"}

    # Tables that are read side by side are those that are read one after the other.
    choice = Choice(compartment="ltv", by="month")
    with store.reading() as session:
        at_once, alone = (Memory(5).view(session, choice) for _ in range(2))
        panels = shown(LEDGER) | BESIDE
        one_by_one = {name: alone.rows(session, panel) for name, panel in panels.items()}
        assert at_once.all_rows(store, session) == one_by_one
