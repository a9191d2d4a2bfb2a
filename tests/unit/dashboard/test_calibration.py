"""Where the marks of predicted shares lie."""

import pytest

from valuebox.dashboard import calibration, charts
from valuebox.features.bins import SHARE_EDGES
from valuebox.predictions.sums.answers import PredictionBin
from valuebox.predictions.sums.calibration import Decile, Lift

TAG = "response:a"
BLANK = "\N{NO-BREAK SPACE}"


def tenth(number: int, predicted: float, actual: float) -> Decile:
    return Decile(TAG, "like", number, 20, predicted, actual, actual - 0.05, actual + 0.05)


def lift(segment: str, month: str, value: float | None, rows: int = 100) -> Lift:
    return Lift(TAG, segment, month, rows, 10, value)


def bins(*lowers: float) -> list[PredictionBin]:
    edges = [(one, SHARE_EDGES[SHARE_EDGES.index(one) + 1]) for one in lowers]
    return [PredictionBin(TAG, lower, upper, 10, None) for lower, upper in edges]


def test_a_tenth_is_outside_where_chance_does_not_explain_its_probability() -> None:
    chart = calibration.by_tenth([tenth(1, 0.6, 0.61), tenth(2, 0.6, 0.3)])
    assert chart is not None
    first, second = chart.marks
    assert (first.is_inside, second.is_inside) == (True, False)
    assert first.predicted == second.predicted
    # Downwards in pixels: less lies lower, and the interval reaches as far to either side.
    assert second.actual > first.actual
    assert second.actual - second.top == pytest.approx(second.height / 2, abs=0.01)
    assert [tick.text for tick in chart.axes.across] == ["1", "2"]
    assert [tick.text for tick in chart.axes.down][:2] == [f"0{BLANK}%", f"20{BLANK}%"]
    assert calibration.by_tenth([]) is None


def test_lift_is_a_line_through_the_months_that_have_one() -> None:
    chart = calibration.over_time(
        [
            lift("like", "2025-08", 2),
            lift("like", "2025-09", None),
            lift("like", "2025-11", 4),
            lift("share", "2025-08", 1),
        ]
    )
    assert chart is not None
    first, last, other = chart.marks
    assert (first.before, last.before) == (None, (first.at, first.lift))
    assert other.lift == chart.base > first.lift > last.lift
    assert [tick.text for tick in chart.axes.across] == ["Aug 2025", "Nov 2025"]
    assert calibration.over_time([lift("like", "2025-08", None)]) is None
    assert calibration.over_time([]) is None


def test_of_many_segments_those_with_most_rows_are_drawn() -> None:
    chart = calibration.over_time(
        [lift(f"like: {number}", "2025-08", 2, rows=100 + number) for number in range(7)]
    )
    assert chart is not None
    assert chart.series == [f"like: {number}" for number in (6, 5, 4, 3)]
    assert (sorted(mark.colour for mark in chart.marks), chart.others) == ([0, 1, 2, 3], 3)


@pytest.mark.parametrize(
    ("lowers", "shown"),
    [
        # Round ones where there are some, else some of all.
        (SHARE_EDGES[:-1], ["0.01", "0.1", "1", "10", "50", "90", "99", "99.9"]),
        ((0.126, 0.158, 0.2, 0.251), ["12.6", "15.8", "20", "25.1"]),
    ],
)
def test_probabilities_are_labelled_where_people_know_them(
    lowers: tuple[float, ...], shown: list[str]
) -> None:
    chart = charts.by_size(bins(*lowers), charts.share)
    assert chart is not None
    assert [tick.text for tick in chart.axes.across] == [f"{one}{BLANK}%" for one in shown]
    low, high = (f"{100 * edge:.4g}{BLANK}%" for edge in (lowers[0], lowers[1]))
    assert chart.bars[0].text.startswith(f"{low} to {high}: ")
