"""Numbers near the end of what numbers reach are added up, and nothing is left out in silence."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.worked_out import worked_out

from valuebox.facts.event_files.reading import read_events
from valuebox.features.declared.declaration import Declaration
from valuebox.features.declared.figures import parts_of
from valuebox.features.declared.running import aggregated, usable
from valuebox_cli.features.building import Question, write_at_once

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


def test_whole_numbers_keep_their_digits_in_files(tmp_path: Path) -> None:
    long, longer = 2**53 + 1, 2**64 + 1
    log = [
        event(minute, properties={"long": long, "longer": longer, "mixed": (0.5, long)[minute]})
        for minute in range(2)
    ]
    events = tmp_path / "events.jsonl"
    events.write_text("".join(f"{json.dumps(one)}\n" for one in log))
    columns = ["long", "longer", "mixed"]
    declared = Declaration.model_validate(
        {
            "name": "t",
            "anchor": {"type": "x", "columns": columns},
            "attribute": {"last": {"last": "long"}},
        }
    )
    for kind in ("parquet", "csv"):
        to = tmp_path / f"t.{kind}"
        question = Question(declared, None, NOW)
        write_at_once(question, question.of_files([events]), to)
        if kind == "parquet":
            row = pq.read_table(to).to_pylist()[1]
            assert [row[f"anchor.{one}"] for one in columns] == [long, str(longer), str(long)]
            assert row["last"] == long
        else:
            said = to.read_text().splitlines()[2]
            assert f'{long},{long},"{longer}","{long}"' in said


def test_whole_decimals_keep_their_digits(tmp_path: Path) -> None:
    file = tmp_path / "events.parquet"
    for value in (2**53 + 1, 10**25 + 1):
        rows = [{**event(1), "points": Decimal(value)}]
        pq.write_table(pa.Table.from_pylist(rows), file)
        (found,) = read_events([file], ["points"]).property("points").values
        assert int(found) == value
