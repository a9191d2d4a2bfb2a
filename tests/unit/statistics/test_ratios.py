"""Quotients of figures with intervals, and whether arms are as large as meant."""

import numpy as np
import pytest

from valuebox.statistics.rates import Paired, quotient_interval, ratio_interval, wilson


def test_a_quotient_of_shares_has_the_interval_of_their_ratio() -> None:
    counts = Paired((400, 500), (40, 75))
    found = quotient_interval((75 / 500, *wilson(75, 500)), (40 / 400, *wilson(40, 400)))
    assert found == ratio_interval(counts)
    assert found[0] < 1.5 < (found[1] or np.inf)


def test_a_quotient_of_means_holds_as_often_as_it_says() -> None:
    draw, held = np.random.default_rng(5), 0
    for _ in range(400):
        figures = []
        for mean in (3.0, 2.0):
            values = draw.gamma(2.0, mean / 2.0, 300)
            reach = 1.645 * values.std(ddof=1) / 300**0.5
            figures.append((values.mean(), values.mean() - reach, values.mean() + reach))
        low, high = quotient_interval(*figures)
        held += high is not None and low <= 1.5 <= high
    assert 342 <= held <= 378


def test_where_what_divides_may_be_nothing_there_is_no_upper_end() -> None:
    low, high = quotient_interval((2.0, 1.0, 3.0), (1.0, -0.1, 2.1))
    assert high is None
    assert 0 <= low < 2
    assert quotient_interval((0.0, 0.0, 1.0), (1.0, 0.5, 1.5))[0] == 0
    assert quotient_interval((2.0, 2.0, 2.0), (1.0, 1.0, 1.0)) == pytest.approx((2.0, 2.0))
