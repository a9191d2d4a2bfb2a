"""`valuebox offers report`: what each policy brought beside random choices."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import true
from support.commands import only_line, valuebox
from support.databases import BACKENDS, migrated_database
from support.filled import Rows
from support.offers import FIRST, LIKED, OFFERS, play, saved
from support.once import learned_once
from support.pages import Page

from valuebox.compartments.offers.ledger import note
from valuebox.compartments.offers.model import load
from valuebox.compartments.offers.promoting import promote
from valuebox.compartments.offers.reading import read
from valuebox.compartments.offers.report.report import OffersReport
from valuebox.compartments.offers.settling import settle_known
from valuebox.store.engine import Store

DAYS = 28
END = FIRST + timedelta(days=DAYS)


@pytest.fixture
def tag() -> str:
    return learned_once("offers-of-conformance", lambda: saved("offers-of-conformance", 20))


@pytest.fixture
def rows_of_store(tag: str) -> Rows:
    """What a model has decided for four weeks, of which three are known."""

    def put(store: Store) -> None:
        model = load(tag)
        with store.writing() as session:
            note(session, model)
            promote(session, tag, "there was none before")
        play(store, model, 1.0, DAYS)
        for end in (END - timedelta(days=10), END):
            with store.writing() as session:
                found = read(session.connection(), end, true())
                settle_known(session, found.ids, found.decisions, end)

    return Rows("four weeks of offers", put)


@pytest.fixture
def played(store: Store, tag: str) -> str:
    """The tag of the model whose decisions are stored."""
    return tag


def report(database_url: str, *asked: object) -> OffersReport:
    options = ["--database-url", database_url, "--at", END.isoformat(), "--json"]
    said, _ = valuebox("offers", "report", *options, *asked)
    return OffersReport.model_validate_json(said)


def test_each_policy_is_told_beside_random_choices(played: str, database_url: str) -> None:
    found = report(database_url)
    assert found.decisions == 60 * DAYS
    whole = {one.policy: one for one in found.policies if one.week is None}
    assert list(whole) == ["models", "random", played]
    # There is one model, so that all of them are this one.
    of_models = whole.pop("models")
    assert of_models.model_copy(update={"policy": played}) == whole[played]
    assert sum(one.decisions for one in whole.values()) == found.decisions
    # Weeks of the last eight days have not passed.
    assert sum(one.known for one in whole.values()) == pytest.approx(60 * (DAYS - 8), abs=1)
    ours, alike = whole[played], whole["random"]
    worth = {one["offer_type"]: LIKED[one["offer_type"]] * one["offer_price"] for one in OFFERS}
    assert ours.own == pytest.approx(worth["coins"], abs=0.4)
    assert alike.own == pytest.approx(sum(worth.values()) / 3, abs=1.2)
    assert ours.money is not None
    assert alike.money is not None
    assert ours.lift == pytest.approx(ours.money - alike.money)
    assert ours.low is not None
    assert ours.high is not None
    assert ours.low < ours.lift < ours.high
    assert alike.lift is None
    of_weeks = [one for one in found.policies if one.week is not None]
    for policy, all_weeks in whole.items():
        theirs = [one.decisions for one in of_weeks if one.policy == policy]
        assert sum(theirs) == all_weeks.decisions
    newest = [one.week for one in of_weeks]
    assert newest == sorted(newest, reverse=True)


@pytest.mark.sqlite_alone
def test_it_says_how_far_to_believe_it(played: str, database_url: str) -> None:
    found = report(database_url)
    assert len(found.calibration) == 5
    for one in found.calibration:
        assert one.low <= one.came <= one.high
        assert one.foretold == pytest.approx(one.came, abs=0.6)
    foretold = [one.foretold for one in found.calibration]
    assert foretold == sorted(foretold)
    assert sum(one.decisions for one in found.propensities) == found.decisions
    assert sum(one.share for one in found.propensities) == pytest.approx(1)
    assert found.overlap is not None
    # Most decisions say little of random choices.
    assert 30 < found.overlap.effective < found.decisions / 2
    assert found.regret is not None
    assert found.regret.random < found.regret.served < found.regret.best
    assert found.regret.regret == pytest.approx(
        (found.regret.best - found.regret.served) / (found.regret.best - found.regret.random)
    )
    assert found.learning is not None
    assert found.learning.model == played
    coins = found.types[0]
    assert (coins.type, coins.bought) == ("coins", pytest.approx(0.6, abs=0.1))


@pytest.mark.sqlite_alone
def test_a_part_of_the_time_may_be_asked_for(played: str, database_url: str) -> None:
    since = (FIRST + timedelta(days=7)).isoformat()
    found = report(database_url, "--since", since)
    assert found.decisions == 60 * (DAYS - 7)
    assert found.first is not None
    assert found.first.isoformat() == since
    assert report(database_url, "--since", END.isoformat()).decisions == 0


@pytest.mark.sqlite_alone
def test_it_is_printed_and_written_as_a_page(
    played: str, database_url: str, tmp_path: Path
) -> None:
    html = tmp_path / "offers.html"
    asked = ["offers", "report", "--database-url", database_url, "--at", END.isoformat()]
    told, _ = valuebox(*asked, "--html", html, "--json")
    page = Page(html.read_text(encoding="utf-8"))
    assert page.data() == json.loads(told)
    assert all("src" not in one.attributes for one in page.elements)
    texts = page.texts("h2", "th", "td")
    for text in ("What each policy brought", "Whether values come true", played, "random"):
        assert text in texts
    said, _ = valuebox(*asked)
    assert played in said
    assert "overlap: the log says as much of random choices as" in said
    assert f"{played} decides since" in said


@pytest.mark.parametrize("kind", BACKENDS)
def test_nothing_is_told_of_nothing(
    request: pytest.FixtureRequest, kind: str, tmp_path: Path
) -> None:
    html, database_url = tmp_path / "offers.html", migrated_database(request, kind, tmp_path)
    said, _ = valuebox("offers", "report", "--database-url", database_url, "--html", html)
    assert "0 decisions" in said
    page = Page(html.read_text(encoding="utf-8"))
    assert "Nothing was decided in this time." in page.texts("p")
    _, err = valuebox("offers", "report", "--html", "no such folder/a.html", exit_code=2)
    assert "cannot be written" in only_line(err)
