"""Numbers near the end of what numbers reach are added up, and nothing is left out in silence."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from support.worked_out import worked_out

from valuebox.features.declared.figures import parts_of
from valuebox.features.declared.running import aggregated, usable

NOW = datetime(2025, 1, 1, tzinfo=UTC)


def event(minute: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"e{minute}",
        "source": "s",
        "customer": "c",
        "type": "x",
        "time": f"2024-01-01T00:{minute:02}:00Z",
        **more,
    }


def last(folder: Path, *values: float) -> dict[str, Any]:
    log = [event(minute, properties={"points": one}) for minute, one in enumerate(values)]
    declared = {
        "name": "t",
        "anchor": {"type": "asked"},
        "field": {"sum": {"sum": "points"}, "mean": {"mean": "points"}},
        "window": {"day": {"days": -1}},
    }
    (row,) = worked_out(declared, [*log, event(59, type="asked")], None, NOW, folder)
    return row


@pytest.mark.parametrize(
    ("values", "total"),
    [
        ([1.5, 1e303, 2.0], 1e303),
        ([1.5, 1e303, -1e303], 1.5),
        ([1e302, 1e302], 2e302),
        ([1.7e308], 1.7e308),
        ([1.7e308, 1.7e308], None),
        ([1.7e308, 1.7e308, -1.7e308], 1.7e308),
    ],
)
def test_sums_of_large_numbers(values: list[float], total: float | None, tmp_path: Path) -> None:
    row = last(tmp_path, *values)
    assert row["day.sum"] == total
    assert row["day.mean"] == (None if total is None else total / len(values))
    online = [usable("sum", one) for one in values]
    assert online == [parts_of(one) for one in values]
    assert aggregated("sum", online) == total


def test_amounts_in_another_currency_are_none_of_an_anchor(tmp_path: Path) -> None:
    declared = {
        "name": "t",
        "currency": "EUR",
        "anchor": {"when": "amount > 1", "columns": ["amount", "amount * 2"]},
        "field": {"sum": {"sum": "amount"}},
        "window": {"day": {"days": -1}},
    }
    log = [event(1, amount=5.0, currency="USD"), event(2, amount=7.0, currency="EUR")]
    (row,) = worked_out(declared, log, None, NOW, tmp_path)
    assert (row["anchor.amount"], row["anchor.amount * 2"]) == (7, 14)
