from datetime import date

import pytest

from valuebox.dashboard import charts
from valuebox.pages.ranges import in_rows
from valuebox.pages.scales import Scale, nice, thinned, within
from valuebox.predictions.sums.answers import ArrivalDay, CohortMean, PredictionBin


def cohort(period: str, predicted: float, **changes: float | None) -> CohortMean:
    known = {"lower": predicted - 1, "upper": predicted + 1, "actual": predicted, "floor": 0.1}
    return CohortMean("US", period, "ltv:a", 10, 10, predicted, **{**known, **changes})


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 10, [0, 2.5, 5, 7.5, 10]),
        (0, 0.07, [0, 0.02, 0.04, 0.06, 0.08]),
        (-3.2, 8.9, [-5, 0, 5, 10]),
        (5, 5, None),
        (1e6, 4e6, [1e6, 2e6, 3e6, 4e6]),
    ],
)
def test_values_beside_a_picture_are_round_and_hold_all(
    low: float, high: float, expected: list[float] | None
) -> None:
    found = nice(low, high)
    assert expected is None or found == pytest.approx(expected)
    assert found[0] <= low <= high <= found[-1]
    assert 2 <= len(found) <= 7


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 289, [0, 100, 200]),
        (0, 1.93e6, [0, 5e5, 1e6, 1.5e6]),
        (-0.17, 0.15, [-0.1, 0, 0.1]),
        (-5e9, 0, [-4e9, -2e9, 0]),
    ],
)
def test_values_of_a_scale_lie_within_it(low: float, high: float, expected: list[float]) -> None:
    assert within(low, high) == pytest.approx(expected)


def test_a_scale_keeps_what_is_outside_at_its_ends() -> None:
    scale = Scale(0, 10, 100, 0)
    assert [scale(value) for value in (-5, 0, 2.5, 10, 11)] == [100, 100, 75, 0, 0]


def test_few_of_many_are_labelled() -> None:
    assert list(thinned(5, 6)) == [0, 1, 2, 3, 4]
    assert list(thinned(90, 6)) == [0, 15, 30, 45, 60, 75]


def test_cohorts_stand_where_their_time_is() -> None:
    chart = charts.over_time(
        [cohort("2018-12", 4), cohort("2019-01", 6, actual=9), cohort("2019-04", 5, actual=None)]
    )
    assert chart is not None
    first, second, third = chart.marks
    # As far apart as months are, with a gap for those without users.
    assert third.at - second.at == pytest.approx(3 * (second.at - first.at), abs=0.01)
    assert first.predicted > third.predicted > second.predicted
    assert [mark.is_inside for mark in chart.marks] == [True, False, None]
    assert third.actual is None
    assert [tick.text for tick in chart.axes.across] == ["Dec 2018", "Jan 2019", "Apr 2019"]
    assert all(mark.left > 0 and mark.left + mark.width < 100 for mark in chart.marks)
    assert charts.over_time([]) is None


def test_a_cohort_without_an_interval_has_none_to_show() -> None:
    chart = charts.over_time([cohort("2019-07-01", 4, lower=None, upper=None)])
    assert chart is not None
    assert (chart.marks[0].top, chart.marks[0].is_inside) == (None, None)
    (row,) = in_rows([cohort("2019-07-01", 4, lower=None, upper=None)])
    assert (row.left, row.width) == (None, 0)


def test_bars_are_as_high_as_their_shares() -> None:
    bins = [
        PredictionBin("ltv:a", None, 0.01, 10, 0.3),
        PredictionBin("ltv:a", 0.01, 0.0126, 30, 0.7),
        PredictionBin("ltv:a", 1.0, None, 0, None),
    ]
    chart = charts.by_size(bins)
    assert chart is not None
    heights = [bar.height for bar in chart.bars]
    assert heights[1] == pytest.approx(3 * heights[0], abs=0.01)
    assert heights[2] == 0
    assert len(chart.expected) == 2
    assert chart.bars[0].text == "below 0.01: 25.0% of rows, 30.0% in training"
    assert [tick.text for tick in chart.axes.across] == ["0.01", "1"]
    assert charts.by_size([]) is None


def test_days_are_stacked_by_model() -> None:
    first, last = date(2026, 11, 1), date(2026, 11, 10)
    rows = [
        ArrivalDay(first, "ltv:a", 100, 5.0),
        ArrivalDay(last, "ltv:a", 50, 5.0),
        ArrivalDay(last, "ltv:b", 50, 5.0),
        *(ArrivalDay(last, f"ltv:{number}", 1, 5.0) for number in range(4)),
    ]
    chart = charts.by_day(rows, first, last)
    assert chart is not None
    assert chart.series[:2] == ["ltv:a", "ltv:b"]
    assert {bar.colour for bar in chart.bars} == {0, 1, 2, 3}
    by_text = {bar.text: bar for bar in chart.bars}
    below, above = (by_text[f"10 Nov 2026: 50 rows by ltv:{name}"] for name in "ab")
    assert above.top + above.height == pytest.approx(below.top, abs=0.01)
    assert by_text["1 Nov 2026: 100 rows by ltv:a"].height == pytest.approx(
        2 * below.height, abs=0.01
    )
    assert charts.by_day([], first, last) is None
