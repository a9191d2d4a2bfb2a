"""Drifted customers are told from calm ones, which `make bench-drift` asks of twenty shops."""

from pathlib import Path

import pytest
from benchmarks.accuracy.drift import WORLDS, described, monitored


@pytest.mark.slow
def test_drift_is_found_in_every_shop_that_has_it_and_in_no_other(tmp_path: Path) -> None:
    # Of the calm shops, this one is furthest off what was predicted.
    found = list(monitored(18, customers=250, every=10, folder=tmp_path))
    assert [one.world for one in found] == list(WORLDS)
    crossed = [{(one.check, one.feature) for one in each.result.crossed} for each in found]
    calm, less_active, fallen, others = crossed
    assert calm == set()
    assert less_active >= {("error", None)}
    assert fallen == {("error", None)}
    assert others >= {("psi", "days known"), ("psi", "channel")}
    (row,) = (line for line in described(found, 1).splitlines() if "nothing changes" in line)
    assert "| 0 of 1 | 0 | 0 |" in row
