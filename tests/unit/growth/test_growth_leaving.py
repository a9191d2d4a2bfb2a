import numpy as np
import pytest
from support.cdnow import cdnow
from support.growth import START, bought, facts

from valuebox.compartments.growth.activity.counts import NotEnough
from valuebox.compartments.growth.loaded.frames import Facts
from valuebox.compartments.growth.schemas import GrowthQuestion
from valuebox.compartments.growth.value.bgnbd import NoFit
from valuebox.compartments.growth.value.leaving import leaving
from valuebox.compartments.growth.value.probabilistic import buyers
from valuebox.compartments.growth.value.rfm import quintiles, rfm
from valuebox.compartments.growth.value.sbg import fit_sbg
from valuebox.compartments.growth.value.subscriptions import subscriptions
from valuebox.facts.labels import Labels

CALIBRATED = np.datetime64("1997-09-30T00:00:00.000001", "us")
ENDED = np.datetime64("1998-07-01", "us")
DAY = np.timedelta64(1, "D")


@pytest.mark.parametrize(
    ("surviving", "published"),
    [
        ([1000, 631, 468, 382, 326, 289, 262, 241], (0.704, 1.182)),
        ([1000, 869, 743, 653, 593, 551, 517, 491], (0.668, 3.806)),
    ],
    ids=["regular", "high end"],
)
def test_the_published_parameters_of_subscribers_are_found(
    surviving: list[int], published: tuple[float, float]
) -> None:
    """Fader and Hardie (2007), table 1 and section 3."""
    lost = -np.diff(surviving)
    periods = np.concatenate([np.repeat(np.arange(7), lost), np.full(surviving[-1], 7)])
    found = fit_sbg(periods, np.arange(1000) < lost.sum())
    assert (found.a, found.b) == pytest.approx(published, abs=0.001)
    kept = found.survival(np.arange(8.0))
    assert kept == pytest.approx(np.array(surviving) / 1000, abs=0.02)
    # What survives a period is what did not leave in it.
    assert found.leaving(np.arange(7.0)) == pytest.approx(1 - kept[1:] / kept[:-1])


def test_without_cancellations_nothing_is_learned_of_leaving() -> None:
    with pytest.raises(NoFit, match="nobody has cancelled"):
        fit_sbg(np.array([3, 4]), np.array([False, False]))
    with pytest.raises(NoFit, match="whole period"):
        fit_sbg(np.array([0, 0]), np.array([True, False]))


def subscribed(rows: list[tuple[int, str, int]], n_customers: int) -> Facts:
    """Customers, and what they did on which day."""
    customer, kind, day = zip(*rows, strict=True)
    names = ["began", "ended"]
    made = facts(
        list(customer), START + np.array(day) * DAY, np.full(len(rows), np.nan), n_customers
    )
    codes = np.array([names.index(one) for one in kind], dtype=np.int32)
    events = made.events
    return Facts(
        made.customers,
        events.__class__(
            events.customer, Labels(codes, names), events.time, events.amount, events.category
        ),
    )


def test_subscriptions_last_from_a_beginning_to_the_next_end() -> None:
    these = subscribed(
        [
            (0, "began", 0), (0, "began", 30), (0, "ended", 45), (0, "ended", 50),
            (0, "began", 60), (1, "ended", 5), (1, "began", 10), (2, "began", 3), (2, "ended", 3),
            (-1, "began", 0),
        ],
        4,
    )  # fmt: skip
    found = subscriptions(these, "began", "ended", START + 100 * DAY)
    assert found.customer.tolist() == [0, 0, 1, 2]
    assert found.cancelled.tolist() == [True, False, False, True]
    assert found.periods(START + 100 * DAY, 30).tolist() == [1, 1, 3, 0]
    joined = subscriptions(these, None, "ended", START + 100 * DAY)
    assert joined.customer.tolist() == [0, 1, 2, 3]
    assert joined.cancelled.tolist() == [True, True, True, False]
    # A cancellation that nobody has seen yet has not happened.
    early = subscriptions(these, "began", "ended", START + 40 * DAY)
    assert early.cancelled.tolist() == [False, False, True]


def test_subscribers_leave_by_group_and_one_by_one() -> None:
    rng = np.random.default_rng(3)
    rows, campaign = [], []
    for who in range(600):
        campaign.append(who % 2)
        rows.append((who, "began", int(rng.integers(0, 330))))
        lasts = int(rng.geometric(0.5 if who % 2 else 0.1)) * 30 - 15
        if rows[-1][2] + lasts < 360:
            rows.append((who, "ended", rows[-1][2] + lasts))
    these = subscribed(rows, 600)
    these.customers.attributes["campaign"].codes[:] = campaign
    asked = GrowthQuestion(subscription="began", cancellation="ended", top=10)
    until = START + 360 * DAY
    found = leaving(these, bought(these), buyers(these, bought(these), until), asked, until)
    assert found.subscribers is not None
    by_name = {one.name: one for one in found.subscribers.groups}
    assert [one.name for one in found.subscribers.groups] == ["B", "A"]
    assert by_name["A"].leaving_share == pytest.approx(0.1, abs=0.03)
    assert by_name["B"].leaving_share == pytest.approx(0.5, abs=0.08)
    assert all(one.own_model for one in by_name.values())
    assert by_name["A"].survival[:2] == pytest.approx([1, 0.9], abs=0.03)
    total = sum(one.subscriptions for one in by_name.values())
    assert found.subscribers.everybody.subscriptions == total == 600
    assert {one.group for one in found.subscribers.customers} == {"B"}
    assert len(found.subscribers.customers) == 10


def test_without_a_name_for_cancelling_subscribers_are_not_guessed() -> None:
    these = cdnow()
    found = leaving(
        these, bought(these), buyers(these, bought(these), CALIBRATED), GrowthQuestion(), CALIBRATED
    )
    assert found.subscribers is None
    assert "no type of event was named" in found.why_not["subscribers"]
    assert found.buyers is not None
    # Of 2,357 buyers 1,411 have bought on one day alone, by the published note on CDNOW.
    assert sum(one.once for one in found.buyers.groups) == 1_411
    assert sum(one.left for one in found.buyers.groups) == pytest.approx(
        sum(1 - one for one in _alive(these))
    )
    worst = found.buyers.customers[0]
    assert 0 < worst.left < 1
    assert worst.days > 0


def _alive(these: Facts) -> list[float]:
    known, model, _ = buyers(these, bought(these), CALIBRATED)
    assert model is not None
    return model.buying.alive(known).tolist()  # type: ignore[no-any-return]


def test_equal_values_share_a_quintile() -> None:
    assert quintiles(np.arange(10.0)).tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert quintiles(np.array([1.0, 1, 1, 1, 9])).tolist() == [3, 3, 3, 3, 5]


def test_segments_of_cdnow_foretell_who_buys() -> None:
    these = cdnow()
    found = rfm(these, bought(these), "campaign", ENDED, 90)
    by_name = {one.name: one for one in found.segments}
    assert sum(one.customers for one in found.segments) == 2_357
    assert sum(one.share for one in found.segments) == pytest.approx(1)
    assert sum(one.revenue for one in found.segments) == pytest.approx(these.events.amount.sum())
    assert sum(one.customers for one in found.groups) == 2_357
    best, gone = by_name["Champions"], by_name["Hibernating"]
    assert best.recency_days < gone.recency_days
    assert best.next is not None
    assert gone.next is not None
    assert best.next.rate > 5 * gone.next.rate
    # Of those who had bought by then, as many did again as a plain count says.
    cut = ENDED - 90 * DAY
    later = np.unique(these.events.customer[these.events.time >= cut])
    before = np.unique(these.events.customer[these.events.time < cut])
    again = sum(one.next.bought for one in found.segments if one.next)
    assert again == len(np.intersect1d(later, before))


def test_too_few_buyers_have_no_segments() -> None:
    these = facts([0, 1, 2], START + np.arange(3) * DAY, [1.0, 1, 1], 3)
    with pytest.raises(NotEnough, match="fewer than 5"):
        rfm(these, bought(these), "campaign", START + 9 * DAY, 90)
