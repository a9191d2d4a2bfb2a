import csv

import numpy as np
import pytest
from support.cdnow import cdnow
from support.growth import START, bought, facts

from valuebox.compartments.growth.loaded.frames import Facts
from valuebox.compartments.growth.schemas import GrowthQuestion
from valuebox.compartments.growth.value.bgnbd import NoFit
from valuebox.compartments.growth.value.probabilistic import buyers
from valuebox.compartments.growth.value.ranking import By, Ranked, ranked
from valuebox_cli.growth.whom import COLUMNS

CALIBRATED = np.datetime64("1997-09-30T00:00:00.000001", "us")


def whom(these: Facts, by: By, most: int = 20) -> list[Ranked]:
    money = bought(these)
    those = buyers(these, money, CALIBRATED)
    return ranked(these, money, those, GrowthQuestion(weeks=39), CALIBRATED, by, most)


def test_those_who_will_bring_most_come_first_and_do() -> None:
    these = cdnow()
    found = whom(these, "value", 200)
    values = [one.value for one in found]
    assert values == sorted(values, reverse=True)
    assert [one.rank for one in found] == list(range(1, 201))
    later = these.events.time >= CALIBRATED
    spent = these.amount_per_customer(np.where(later, these.events.amount, 0.0))
    mine = spent[[int(one.customer) for one in found]]
    # A twelfth of the buyers spends a third of all that comes.
    assert mine.sum() > 0.33 * spent.sum()
    assert all(one.value_lower <= one.value <= one.value_upper for one in found)
    first = found[0]
    assert first.reason == (
        f"{first.segment}: bought on {first.purchase_days} days, has left with probability "
        f"{first.left:.0%}"
    )


def test_those_with_whom_most_is_lost_come_first() -> None:
    found = whom(cdnow(), "loss", 50)
    lost = [one.left * one.spent for one in found]
    assert lost == sorted(lost, reverse=True)
    assert found[0].left > 0.5
    assert found[0].reason.startswith("has left with probability")


def test_texts_that_a_spreadsheet_would_work_out_are_harmless() -> None:
    (one,) = whom(cdnow(), "value", 1)
    for text in ("=HYPERLINK(1)", "+1+1", "-1+1", "@A1", "\tx", "\rx"):
        told = COLUMNS.csv([one.model_copy(update={"customer": text, "group": text})])
        (row,) = csv.DictReader(told.splitlines(keepends=True))
        assert (row["customer"], row["group"]) == (f"'{text}", f"'{text}")
        assert float(row["value"]) == one.value


def test_without_anything_to_learn_nobody_is_named() -> None:
    these = facts([0, 1], np.array([START, START]), [1.0, 2.0], 3)
    with pytest.raises(NoFit, match="second day"):
        whom(these, "value")
