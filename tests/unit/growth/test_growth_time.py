"""When facts begin and end: wrong dates, months that are not over, time zones, unequal periods."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from support.growth import DAY, DAYS, made

from valuebox.compartments.growth.activity.counts import NotEnough
from valuebox.compartments.growth.activity.months import activity
from valuebox.compartments.growth.activity.retention import retention
from valuebox.compartments.growth.change.comparison import comparison
from valuebox.compartments.growth.change.samples import together
from valuebox.compartments.growth.loaded.frames import Facts
from valuebox.compartments.growth.loaded.money import money
from valuebox.compartments.growth.loaded.observed import whole_months
from valuebox.compartments.growth.loaded.strays import sift
from valuebox.compartments.growth.schemas import GrowthQuestion
from valuebox.compartments.growth.value.formula import factors, formula_value
from valuebox.compartments.growth.value.purchases import first_purchases
from valuebox.facts.clock import aware, local

BERLIN = ZoneInfo("Europe/Berlin")
NOW = np.datetime64("2024-12-01", "us")


def at(text: str) -> np.datetime64:
    return np.datetime64(text, "us")


def sifted(facts: Facts) -> tuple[Facts, list[tuple[str, str, int, list[str]]]]:
    kept, found = sift(facts, NOW, UTC, from_start=True, to_end=True)
    return kept, [(one.what, one.why, one.count, one.customers) for one in found]


def test_an_event_of_2099_is_set_aside() -> None:
    late = (at("2099-05-02") - DAY) / DAYS
    facts = made([(0, "bought", 1.0, 5.0), (1, "like", float(late), None)])
    kept, found = sifted(facts)
    assert len(kept.events) == 1
    assert found == [("events", "later than now", 1, ["1"])]


def test_dates_far_from_all_others_are_set_aside() -> None:
    usual = [(n % 3, "bought", n / 10, 5.0) for n in range(100)]
    facts = made([*usual, (2, "bought", -19_000.0, 5.0)], joined=[0.0, 0.0, 900.0])
    kept, found = sifted(facts)
    assert len(kept.events) == 100
    assert found == [
        ("events", "long before all others", 1, ["2"]),
        ("joined", "later than now", 1, ["2"]),
    ]
    assert np.isnat(kept.customers.created).tolist() == [False, False, True]
    later = made([*usual[:50], (1, "bought", -3_000.0, 5.0), (1, "bought", -3_001.0, 5.0)])
    assert sifted(later)[1] == []
    now = np.datetime64("2034-01-01", "us")
    after = made([*usual, (0, "like", 2_000.0, None)])
    _, (one,) = sift(after, now, UTC, from_start=True, to_end=True)
    assert (one.why, one.first.year) == ("long after all others", 2029)
    # Whoever asks for a period has said when it begins and ends.
    assert sift(after, now, UTC, from_start=False, to_end=False).found == []


def test_a_month_that_has_just_begun_is_none() -> None:
    may = int(np.datetime64("2024-05", "M").astype(int))
    assert whole_months(at("2024-05-01T09:00")) == may
    assert whole_months(at("2024-05-30T20:00")) == may + 1
    assert whole_months(at("2024-06-01")) == may + 1


def test_the_formula_looks_at_whole_months() -> None:
    # Every customer buys for 10 in March, April and May; the facts end nine hours into June.
    events = [(n, "bought", float(30 * month), 10.0) for n in range(3) for month in range(3)]
    facts = made([*events, (0, "like", 82.9, None)])
    until = at("2024-06-01T09:36:00.000001")
    found = formula_value(facts, factors(facts, money(facts, "bought"), until), "campaign", 5)
    assert (found.first_month, found.last_month, found.is_partial) == ("2024-03", "2024-05", False)
    assert found.everybody.value == pytest.approx(10.0 * 1 * 3)
    # From the middle of March on, March is no whole month either.
    half = factors(facts, money(facts, "bought"), until, at("2024-03-10"))
    assert (half.first_month, half.months.tolist()) == ("2024-04", [2, 2, 2])
    begun = made([(0, "bought", 0.0, 10.0)])
    short = factors(begun, money(begun, "bought"), at("2024-03-12"))
    assert (short.first_month, short.last_month, short.is_partial) == ("2024-03", "2024-03", True)


def test_months_that_are_not_over_are_not_in_the_average() -> None:
    events = [(n, "like", day, None) for n in range(2) for day in (1.0, 30.0)]
    facts = made([*events, (0, "like", 55.0, None)], joined=[0.0, 0.0, 40.0])
    until = at("2024-05-04T12:00")
    acted = activity(facts, np.ones(5, dtype=bool), until)
    found = retention(facts.customers.created, acted)
    assert [one.active for one in found.cohorts] == [[2, 2, 1], [0, 0]]
    assert (found.average, found.last_is_partial) == ([2 / 3, 1.0], True)


def test_cohorts_are_of_those_who_first_bought_in_a_month() -> None:
    facts = made(
        [
            (0, "like", 0.0, None),
            (0, "bought", 30.0, 5.0),
            (0, "bought", 60.0, 5.0),
            (1, "bought", 1.0, 5.0),
            (1, "like", 30.0, None),
        ],
        joined=[None, None, None],
    )
    brought = money(facts, "bought")
    acted = activity(facts, brought.is_purchase, at("2024-06-01"))
    found = retention(first_purchases(facts, brought), acted, None, "first_purchase")
    assert [(one.joined, one.active) for one in found.cohorts] == [
        ("2024-03", [1, 0, 0]),
        ("2024-04", [1, 1]),
    ]
    assert found.left_out == 1
    since = first_purchases(facts, brought, at("2024-03-01"))
    assert np.isnat(since).all()


def test_days_and_months_are_those_of_a_time_zone() -> None:
    moments = np.array(["2024-05-31T22:30", "NaT", "2024-01-31T22:30"], dtype="datetime64[us]")
    shown = local(moments, BERLIN)
    assert shown[[0, 2]].tolist() == [datetime(2024, 6, 1, 0, 30), datetime(2024, 1, 31, 23, 30)]
    assert np.isnat(shown[1])
    assert aware(shown[0], BERLIN) == datetime(2024, 5, 31, 22, 30, tzinfo=UTC)


def test_moments_of_a_question_are_in_its_time_zone() -> None:
    asked = GrowthQuestion.model_validate(
        {
            "timezone": "Europe/Berlin",
            "start": "2024-06-01",
            "end": "2024-07-01T00:00:00Z",
            "baseline": {"start": "2024-01-01 12:00", "end": "2024-02-01T00:00+02:00"},
        }
    )
    assert asked.start == datetime(2024, 5, 31, 22, tzinfo=UTC)
    assert asked.end == datetime(2024, 7, 1, tzinfo=UTC)
    assert asked.baseline is not None
    assert asked.baseline.start == datetime(2024, 1, 1, 11, tzinfo=UTC)
    assert asked.baseline.end == datetime(2024, 1, 31, 22, tzinfo=UTC)
    plain = GrowthQuestion.model_validate({"start": "2024-06-01"})
    assert plain.start == datetime(2024, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", "", 1, None])
def test_zones_that_are_none_are_refused(zone: object) -> None:
    with pytest.raises(ValueError, match=r"time zone|string"):
        GrowthQuestion.model_validate({"timezone": zone, "start": "2024-06-01"})


def steady(days: int, source: str) -> Facts:
    """100 customers, each of whom buys for 5 every 20 days, on days of their own."""
    events = [(n, "bought", float(day), 5.0) for n in range(100) for day in range(n % 20, days, 20)]
    return made([*events, (0, "like", days - 0.001, None)], customers=100, source=source)


def test_of_a_longer_period_as_many_days_are_compared() -> None:
    both = together(steady(180, "before"), steady(30, "now"))
    found = comparison(both, GrowthQuestion.model_validate({"baseline": {"sources": ["before"]}}))
    (profit,) = [one for one in found.lifts if one.measure == "profit"]
    assert (found.baseline.days, found.current.days) == (
        pytest.approx(180, abs=0.1),
        pytest.approx(30, abs=0.1),
    )
    assert (found.baseline.end - found.baseline.start).days == 29
    assert found.note is not None
    assert "30.0 days of each are compared" in found.note
    assert profit.lift == pytest.approx(0, abs=0.1)
    assert not any(one.is_real for one in found.lifts)


def test_of_a_baseline_before_the_report_its_last_days_are_compared() -> None:
    whole = steady(180, "shop")
    cut = DAY + 150 * DAYS
    halves = (whole.events.time < cut, whole.events.time >= cut)
    before, now = (Facts(whole.customers, whole.events.where(rows)) for rows in halves)
    ends = aware(cut, UTC).isoformat()
    asked = {"sources": ["shop"], "start": ends, "baseline": {"end": ends}}
    found = comparison(together(before, now), GrowthQuestion.model_validate(asked))
    assert found.baseline.end == found.current.start == aware(cut, UTC)
    assert (found.baseline.end - found.baseline.start) == (found.current.end - found.current.start)


def test_periods_of_the_same_length_are_compared_as_they_are() -> None:
    both = together(steady(100, "before"), steady(101, "now"))
    found = comparison(both, GrowthQuestion.model_validate({"baseline": {"sources": ["before"]}}))
    assert found.note is None
    assert found.current.events == 505 + 1


def test_hardly_any_time_is_not_compared() -> None:
    hours = made([(0, "bought", 0.0, 5.0), (1, "bought", 0.2, 5.0)], source="before")
    asked = GrowthQuestion.model_validate({"baseline": {"sources": ["before"]}})
    with pytest.raises(NotEnough, match="less than a day"):
        comparison(together(hours, steady(30, "now")), asked)
