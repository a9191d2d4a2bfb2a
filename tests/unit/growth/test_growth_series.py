from datetime import date

import numpy as np
import pytest
from support.growth import START, bought, facts

from valuebox.compartments.growth.activity.series import MOST, GroupSeries, TimeSeries, series
from valuebox.compartments.growth.loaded.frames import Facts
from valuebox.compartments.growth.loaded.money import Money, money
from valuebox.facts.labels import Labels

DAY = np.timedelta64(1, "D")


def by_unit(found: list[TimeSeries]) -> dict[str, TimeSeries]:
    return {one.unit: one for one in found}


@pytest.fixture
def few() -> Facts:
    """Three customers of two campaigns, and somebody unknown; 2024-01-01 is a Monday."""
    days = np.array([0, 0, 6, 7, 31, 40, 41]).astype("timedelta64[D]")
    return facts([0, 0, 1, 0, 2, -1, 0], START + days, [1.0, 2, 4, 8, 16, 32, 64], 3, [0, 1, 1])


def test_months_weeks_and_days_add_up_to_the_same(few: Facts) -> None:
    found = by_unit(series(few, bought(few), "campaign", None, START + 60 * DAY))
    months = found["month"]
    assert months.starts == [date(2024, 1, 1), date(2024, 2, 1)]
    assert months.everybody == GroupSeries(
        name=None, active=[2, 2], joined=[3, 0], buyers=[2, 2], first_buyers=[2, 1],
        purchases=[4, 3], revenue=[15.0, 112.0],
    )  # fmt: skip
    assert {one.name: one.revenue for one in months.groups} == {"A": [11, 64], "B": [4, 16]}
    weeks = found["week"]
    assert weeks.starts[:2] == [date(2024, 1, 1), date(2024, 1, 8)]
    assert weeks.everybody.active[:5] == [2, 1, 0, 0, 1]
    for one in found.values():
        assert sum(one.everybody.revenue) == pytest.approx(127)
        assert sum(one.everybody.first_buyers) == 3
        assert len(one.starts) == len(one.whole) == len(one.everybody.active)
    assert (found["day"].everybody.active[0], found["day"].everybody.purchases[0]) == (1, 2)


def test_a_period_that_was_not_watched_to_its_end_is_not_whole(few: Facts) -> None:
    until = START + 40 * DAY + np.timedelta64(1, "h")
    found = by_unit(series(few, bought(few), "campaign", START + 2 * DAY, until))
    assert found["month"].whole == [False, False]
    assert found["week"].whole == [False, True, True, True, True, False]
    assert found["day"].whole == [True] * 38 + [False]
    # What happens after the end is not counted.
    assert sum(found["month"].everybody.purchases) == 6


def test_a_single_wrong_date_makes_no_century(few: Facts) -> None:
    events = few.events
    events.time[0] = np.datetime64("1900-01-01")
    found = by_unit(series(few, bought(few), "campaign", None, START + 60 * DAY))
    assert {unit: len(one.starts) for unit, one in found.items()} == dict(MOST)
    assert sum(found["month"].everybody.purchases) == 6
    # Who bought first in 1900 is not new.
    assert sum(found["month"].everybody.first_buyers) == 2


def test_what_is_no_purchase_is_activity_alone(few: Facts) -> None:
    labelled = Labels(np.array([0, 1, 0, 1, 0, 0, 1], dtype=np.int32), ["bought", "like"])
    events = few.events.__class__(
        few.events.customer, labelled, few.events.time, few.events.amount, few.events.category
    )
    mixed = Facts(few.customers, events)
    brought: Money = money(mixed, "bought")
    months = by_unit(series(mixed, brought, "campaign", None, START + 60 * DAY))["month"]
    assert (months.everybody.active, months.everybody.buyers) == ([2, 2], [2, 1])
    assert months.everybody.revenue == [5, 48]
