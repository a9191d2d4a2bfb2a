"""Events that nobody sends by accident: a row, or an error that names them, and never for long."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from valuebox.errors import ValueboxError
from valuebox.features.declared.declaration import Declaration
from valuebox_cli.features.building import Question, write_at_once

NOW = datetime(2025, 1, 1, tzinfo=UTC)
EVENT = {"source": "g", "customer": "c", "type": "x", "time": "2024-01-01T00:00:00Z"}
DECLARED = Declaration.model_validate(
    {
        "name": "t",
        "split": {"day": "Europe/Berlin"},
        "lookback": "36525 days",
        "anchor": {"type": "x", "columns": ["v", "v * v"]},
        "field": {
            "count": {"count": True},
            "sum": {"sum": "v"},
            "most": {"max": "v"},
            "kinds": {"distinct": "v"},
            "ratio": {"ratio": ["sum", "count"]},
        },
        "window": {
            "last": {"blocks": -1},
            "before": {"days": -36_525},
            "after": {"days": 36_525, "target": True},
        },
    }
)
LONG = "9" * 4_000


def built(folder: Path, kind: str, *lines: str) -> int:
    file = folder / "events.jsonl"
    file.write_text("".join(f"{line}\n" for line in lines))
    question = Question(DECLARED, None, NOW)
    to = folder / f"rows.{kind}"
    return write_at_once(question, question.of_files([file]), to).counts.anchors


@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet"])
@pytest.mark.parametrize(
    "more",
    [
        [{"time": "2199-12-31T00:00:00Z"}],
        [{"received_at": "2199-12-31T00:00:00Z"}, {"received_at": "1970-01-01"}],
        [{"v": "NaN"}, {"v": "inf"}, {"v": "-Infinity"}],
        [{"v": "1e400"}, {"v": "1.7e308"}, {"v": "-1.7e308"}, {"v": LONG}, {"v": int(LONG)}],
        [{f"p{place}": place for place in range(10_000)}],
        [{"customer": "a\0b"}],
    ],
)
def test_odd_values_have_their_rows(tmp_path: Path, kind: str, more: list[dict[str, Any]]) -> None:
    lines = [json.dumps({**EVENT, **one}) for one in more]
    assert built(tmp_path, kind, json.dumps(EVENT), *lines) == len(more) + 1


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (json.dumps({**EVENT, "time": "9999-12-31T00:00:00Z"}), "time: is no moment"),
        (json.dumps({**EVENT, "time": "0001-01-01"}), "time: is no moment"),
        (json.dumps({**EVENT, "received_at": "2999-12-31"}), "received_at: is no moment"),
        ('{"v": ' + "[" * 100_000 + "]" * 100_000 + "}", "line 2 is no JSON object"),
        ('{"customer": "\\ud800"}', "line 2 is no JSON object"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(ValueboxError, match=said):
        built(tmp_path, "csv", json.dumps(EVENT), line)
    assert [one.name for one in tmp_path.iterdir()] == ["events.jsonl"]
