"""What was predicted of customers and what they did, added up, monitored, and taken out again."""

import math

import pytest
from support.facts import put_events
from support.responded import REFERENCE, START, TAG, bought, fold, forget, opened, predict

from valuebox.compartments.response.ledger import LEDGER
from valuebox.features.bins import NumberBins
from valuebox.predictions.monitoring.checks import monitor
from valuebox.predictions.monitoring.results import MonitorResult, Thresholds
from valuebox.predictions.sums import queries
from valuebox.predictions.sums.answers import CohortMean
from valuebox.predictions.sums.calibration import deciles, lifts
from valuebox.predictions.sums.cohort_means import cohort_means
from valuebox.predictions.sums.models import Note, register
from valuebox.predictions.sums.selection import Selection
from valuebox.store.engine import Store


@pytest.fixture
def shop(store: Store) -> Store:
    """A shop that was watched for long, and a model that serves it."""
    return opened(store)


def months(store: Store) -> dict[str, CohortMean]:
    with store.reading() as session:
        return {one.segment: one for one in cohort_means(session, LEDGER, Selection(), "month")}


def monitored(store: Store) -> MonitorResult:
    with store.reading() as session:
        return monitor(session, LEDGER, Thresholds())


def crossed(result: MonitorResult) -> set[tuple[str, str | None]]:
    return {(one.check, one.feature) for one in result.crossed}


def test_predictions_meet_what_came_true(shop: Store) -> None:
    put_events(shop, *(bought(f"e{who}", str(who), 3, "thai") for who in range(40)))
    predict(shop, 0, 200, 0.25)
    fold(shop)
    found = months(shop)
    assert set(found) == {"bought", "bought: thai"}
    one = found["bought"]
    assert (one.users, one.known_users) == (200, 200)
    assert one.predicted == pytest.approx(0.25)
    assert one.actual == pytest.approx(40 / 200)
    assert one.lower < 0.2 < 0.25 < one.upper
    # 1.645 standard deviations of 200 draws and of a level that moves by 0.1.
    assert one.upper - one.lower == pytest.approx(0.115, abs=0.01)
    assert found["bought: thai"].predicted == pytest.approx(0.125)


def test_a_customer_who_is_asked_about_again_that_day_counts_once(shop: Store) -> None:
    predict(shop, 0, 50, 0.25)
    fold(shop)
    predict(shop, 0, 50, 0.5)
    fold(shop)
    assert (months(shop)["bought"].users, months(shop)["bought"].predicted) == (50, 0.5)
    predict(shop, 0, 50, 0.5, day=1)
    fold(shop)
    assert months(shop)["bought"].users == 100


def test_a_late_event_moves_the_mean(shop: Store) -> None:
    predict(shop, 0, 50, 0.25)
    fold(shop)
    assert months(shop)["bought"].actual == 0
    put_events(shop, bought("late", "7", 12))
    fold(shop)
    assert months(shop)["bought"].actual == pytest.approx(1 / 50)
    assert months(shop)["bought: thai"].actual == 0


@pytest.mark.sqlite_alone
def test_calm_customers_cross_nothing(shop: Store) -> None:
    thai = ["thai", None] * 50
    put_events(shop, *(bought(f"e{who}", str(who), 3, thai[who]) for who in range(100)))
    predict(shop, 0, 400, 0.25)
    fold(shop)
    # Everybody is as likely here, which nobody was when it was learned.
    assert crossed(monitored(shop)) == {("psi", "prediction")}
    matured = monitored(shop).matured
    assert matured is not None
    assert matured.actual == pytest.approx((100 + 50) / 800)


def test_drifted_customers_and_a_level_that_fell_are_found(shop: Store) -> None:
    predict(shop, 0, 400, 0.25, known=3.0)
    fold(shop)
    result = monitored(shop)
    assert crossed(result) >= {("psi", "days known")}
    assert ("psi", "city") not in crossed(result)
    assert result.compartment == "response"
    put_events(shop, *(bought(f"e{who}", str(who), 3) for who in range(4)))
    fold(shop)
    assert ("error", None) in crossed(monitored(shop))


@pytest.mark.sqlite_alone
def test_the_same_customers_asked_about_again_leave_as_much_to_chance(shop: Store) -> None:
    put_events(shop, *(bought(f"e{who}", str(who), 8) for who in range(15)))
    predict(shop, 0, 50, 0.25)
    fold(shop)
    once = monitored(shop)
    for day in range(1, 5):
        predict(shop, 0, 50, 0.25, day=day)
    fold(shop)
    again = monitored(shop)
    assert (once.drift.rows, again.drift.rows, again.drift.people) == (100, 500, 50)
    for one, other in zip(once.findings, again.findings, strict=True):
        assert (one.check, one.feature) == (other.check, other.feature)
        assert other.chance == pytest.approx(one.chance)
    assert again.matured.floor == pytest.approx(once.matured.floor)
    predict(shop, 50, 50, 0.25)
    fold(shop)
    assert monitored(shop).drift.people == 100


@pytest.mark.sqlite_alone
def test_few_customers_are_too_few_however_often_they_are_asked_about(shop: Store) -> None:
    for day in range(10):
        predict(shop, 0, 5, 0.25, day=day)
    fold(shop)
    (unknown,) = monitored(shop).unknown
    assert unknown.why.startswith("100 rows of 5 customers are too few: chance alone moves")


@pytest.mark.sqlite_alone
def test_a_level_that_moves_leaves_more_to_chance(shop: Store) -> None:
    put_events(shop, *(bought(f"e{who}", str(who), 8) for who in range(100)))
    predict(shop, 0, 400, 0.25)
    fold(shop)
    (anything, _) = monitored(shop).matured.segments
    # 400 draws of 0.25, and log-odds that are 0.1 off on average.
    variance = 0.25 * 0.75
    deviation = math.hypot(math.sqrt(variance / 400), 0.1 * variance)
    assert anything.floor == pytest.approx(math.sqrt(2 / math.pi) * deviation)


@pytest.mark.sqlite_alone
def test_tenths_tell_how_far_the_likeliest_lead(shop: Store) -> None:
    # Ten groups of 20, of whom the likeliest respond as was said.
    for group in range(10):
        predict(shop, 20 * group, 20, 0.9 * 0.7**group)
    came = [18, 16, 7, 6, 5, 5, 4, 3, 2, 2]
    put_events(
        shop,
        *(
            bought(f"e{group}-{who}", str(20 * group + who), 3)
            for group, count in enumerate(came)
            for who in range(count)
        ),
    )
    fold(shop)
    with shop.reading() as session:
        found = deciles(session, LEDGER, Selection(segment="bought"))
        (lift,) = lifts(session, LEDGER, Selection(segment="bought"))
        assert deciles(session, LEDGER, Selection(segment="bought"), least=21) == []
    assert [one.rows for one in found] == [20] * 10
    assert [one.predicted for one in found] == pytest.approx([0.9 * 0.7**one for one in range(10)])
    assert [one.actual for one in found] == pytest.approx([one / 20 for one in came])
    assert found[0].lower < 0.9 < found[0].upper
    assert (lift.period, lift.rows, lift.responders) == ("2025-08", 200, 68)
    assert lift.lift == pytest.approx(0.9 / (68 / 200))


def test_forgotten_customers_leave_the_sums(shop: Store) -> None:
    predict(shop, 0, 50, 0.25)
    fold(shop)
    with shop.writing() as session:
        gone = forget(session, *(str(one) for one in range(10)))
    assert gone == 20
    assert months(shop)["bought"].users == 40
    with shop.reading() as session:
        (arrived,) = queries.arrival_days(session, LEDGER, Selection())
    assert arrived.rows == 80


def test_a_name_that_no_table_can_hold_holds_nothing_up(store: Store) -> None:
    bins = NumberBins(edges=[], names=["any", "missing"], users=[1, 0])
    numbers = {"fine": bins, 'has "quotes"': bins, "long" * 100: bins}
    with store.writing() as session:
        reference = REFERENCE.model_copy(update={"numbers": numbers})
        register(session, LEDGER, Note(TAG, START, reference, {"moves": {}}))
    predict(store, 0, 5, 0.25)
    fold(store)
    with store.reading() as session:
        assert sum(one.rows for one in queries.arrival_days(session, LEDGER, Selection())) == 10
