from dataclasses import replace

import pytest
from benchmarks.serving.cells import BUSY, MANY, ONE, Cell
from benchmarks.serving.contenders import BULK, LIMIT, LIST, TUNED, USUAL
from benchmarks.serving.growth import Point, exponent, growth_table
from benchmarks.serving.results import Figures, Results, figures
from benchmarks.serving.running import Load
from benchmarks.serving.tables import details, overview
from benchmarks.serving.targets import judged, throughput, verdicts

FAST = Figures(
    p50=0.001,
    p99=0.002,
    rows_per_second=1000,
    errors=0,
    cpu=800,
    database_cpu=100,
    mebibytes=180,
)


def slower(times: float) -> Figures:
    return replace(FAST, p50=FAST.p50 * times, rows_per_second=FAST.rows_per_second / times)


def results(*measured: tuple[str, Cell, float]) -> Results:
    """Each contender as many times slower than the limit, which is everywhere."""
    made = Results()
    for cell in (ONE, MANY, BUSY):
        made.add(LIMIT, cell, FAST)
    for name, cell, times in measured:
        made.add(name, cell, slower(times))
    return made


def verdict_on(made: Results, target: str, cell: Cell, contender: str = LIST) -> bool | None:
    return {(one.contender, one.cell, one.target): one.is_reached for one in judged(made)}[
        contender, cell, target
    ]


def test_figures_are_of_the_answered_requests_only() -> None:
    load = Load(
        latencies=[0.1] * 98 + [0.2, 0.3],
        errors=3,
        seconds=10,
        warmed=[7, 1],
        cpu_seconds=5,
        database_cpu_seconds=1,
        peak_mebibytes=100,
    )
    found = figures(load, rows=1_000)
    assert (found.p50, found.errors) == (0.1, 3)
    assert 0.2 <= found.p99 <= 0.3
    assert found.rows_per_second == pytest.approx(10_000)
    assert (found.cpu, found.database_cpu) == (pytest.approx(50), pytest.approx(10))
    assert load.rows(1_000) == 7 + 101_000


def test_who_answers_nothing_has_no_rate() -> None:
    found = figures(Load([], 16, 0, [0, 0], 1, 0, 100), rows=1)
    assert (found.rows_per_second, found.errors) == (0, 16)


def test_ratios_are_taken_within_a_round() -> None:
    made = Results()
    # The machine is three times slower in the second round, for everybody.
    for times in (1, 3, 1):
        made.add(LIMIT, ONE, slower(times))
        made.add(LIST, ONE, slower(2 * times))
    assert made.ratio(throughput, LIST, LIMIT, ONE) == pytest.approx(0.5)
    assert made.median(LIST, ONE).p50 == pytest.approx(0.002)


@pytest.mark.parametrize(("times", "reached"), [(1.4, True), (1.5, False)])
def test_latency_has_a_highest_ratio(times: float, reached: bool) -> None:
    made = results((LIST, ONE, times))
    assert verdict_on(made, f"p50 ≤ 1.45 × {LIMIT}", ONE) is reached


@pytest.mark.parametrize(("times", "reached"), [(0.6, True), (0.7, False)])
def test_throughput_has_a_lowest_ratio(times: float, reached: bool) -> None:
    made = results((BULK, MANY, times))
    assert verdict_on(made, f"rows/s ≥ 1.5 × {LIMIT}", MANY, BULK) is reached


@pytest.mark.parametrize(("cpu", "reached"), [(5.9, True), (6.1, False)])
def test_processor_time_has_a_bound_of_its_own(cpu: float, reached: bool) -> None:
    made = results()
    made.add(LIST, MANY, replace(FAST, cpu=cpu))
    assert verdict_on(made, "CPU s of the service for a million rows ≤ 6", MANY) is reached


def test_what_is_only_aimed_at_is_never_missed() -> None:
    made = results((LIST, ONE, 1.3))
    aim = f"| 1 × 1 | {LIST} | p50 ≤ 1.2 × {LIMIT}, in time | 1.30 | not yet |"
    assert aim in verdicts(made).splitlines()


def test_what_was_not_measured_is_neither_reached_nor_missed() -> None:
    made = results((LIST, ONE, 1))
    assert verdict_on(made, f"p50 ≤ 1.2 × {TUNED}", ONE) is None
    assert verdict_on(made, "no error", BUSY) is None
    assert "not measured" in verdicts(made)


def test_a_long_tail_and_an_error_miss_the_target() -> None:
    made = results()
    made.add(LIST, BUSY, replace(FAST, p99=6 * FAST.p50, errors=1))
    assert verdict_on(made, "p99 ≤ 5 × p50", BUSY) is False
    assert verdict_on(made, "no error", BUSY) is False
    assert made.failed() == [f"{LIST}, 1 × 16: 1 errors"]


def test_the_best_peer_is_neither_ours_nor_the_limit() -> None:
    made = results((LIST, ONE, 0.5), (TUNED, ONE, 2), (USUAL, ONE, 20))
    assert made.best_peer(throughput, ONE) == TUNED
    assert made.best_peer(throughput, MANY) is None


def test_tables_show_ratios_to_the_limit_and_the_best_peer() -> None:
    made = results((LIST, ONE, 2), (TUNED, ONE, 4))
    assert f"| {LIST} | 0.50 |  |  |" in overview(made)
    line = next(line for line in details(made).splitlines() if line.startswith(f"| {LIST} |"))
    assert line == f"| {LIST} | 2 | 2 | 500 | 0.50 | 2.00 | 0 | 800 | 100 | 180 |"


def test_cost_that_grows_with_the_rows_is_linear() -> None:
    counts = (10_000, 100_000, 1_000_000)
    points = [Point(rows, rows / 20_000, rows / 30_000, rows / 90_000) for rows in counts]
    assert exponent(points) == pytest.approx(1)
    assert growth_table(LIST, points).endswith("1.000: linear.")


def test_cost_that_grows_faster_is_not() -> None:
    points = [Point(rows, (rows / 20_000) ** 1.1, 1, 1) for rows in (10_000, 100_000, 1_000_000)]
    assert growth_table(LIST, points).endswith("1.100: **not linear**.")
