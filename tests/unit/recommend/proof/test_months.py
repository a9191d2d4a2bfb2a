"""Figures by month."""

from datetime import UTC, datetime

import numpy as np
from benchmarks.recommend.shop_sessions import ARMS, Effect, as_watched, sessions

from valuebox.compartments.recommend.proof.months import by_month


def test_a_month_has_the_sessions_that_began_in_it() -> None:
    found = sessions(np.random.default_rng(1), 1, 400, Effect())
    end = datetime(2026, 2, 1, tzinfo=UTC).timestamp()
    half = len(found.arm) // 2
    first = np.where(np.arange(len(found.arm)) < half, end - 1, end)
    months = by_month(as_watched(found._replace(first=first)))
    assert {one.month for one in months} == {"2026-01", "2026-02"}
    for month, own in (("2026-01", slice(0, half)), ("2026-02", slice(half, None))):
        for at, arm in enumerate(ARMS):
            mine = found.arm[own] == at
            told = {one.kpi: one for one in months if (one.month, one.arm) == (month, arm)}
            assert told["views"].sessions == mine.sum()
            assert told["views"].value == found.views[own][mine].mean()
            assert told["views"].lower < told["views"].value < (told["views"].upper or np.inf)


def test_no_sessions_have_no_months() -> None:
    found = sessions(np.random.default_rng(1), 1, 50, Effect())
    assert by_month(as_watched(found.where(slice(0, 0)))) == []
