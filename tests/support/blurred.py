"""Files of Blurr, and what it answers: our own, and real ones, which are not ours to ship."""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from support.commands import valuebox
from support.real import VARIABLE

FOLDER = Path(__file__).with_name("blurr")
OWN = FOLDER / "own.json"
_REAL = (
    sorted(Path(os.environ[VARIABLE]).glob("events/blurr/*.json")) if VARIABLE in os.environ else []
)


@pytest.fixture(params=[OWN, *_REAL], ids=lambda path: path.stem)
def answered(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Events, and the blocks and rows that Blurr made of them."""
    found: dict[str, Any] = json.loads(request.param.read_text())
    return found


def files(name: str) -> list[Path]:
    """The streaming transform of a case, and its window transform if it has one."""
    found = [FOLDER / f"{name}-stream.yml", FOLDER / f"{name}-window.yml"]
    return [one for one in found if one.exists()]


def own_changed(
    to: Path, of_stream: tuple[str, str] = ("", ""), of_window: tuple[str, str] = ("", "")
) -> list[Path]:
    """Our own case with a text in one of its files replaced."""
    changed = []
    for path, (before, after) in zip(files("own"), (of_stream, of_window), strict=True):
        text = path.read_text()
        assert before in text
        changed.append(to / path.name)
        changed[-1].write_text(text.replace(before, after, 1))
    return changed


def lines(rows: Iterable[Any]) -> str:
    """Rows as lines of JSON."""
    return "".join(f"{json.dumps(row)}\n" for row in rows)


def read(path: Path) -> list[dict[str, Any]]:
    """Lines of JSON as rows."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def built(files_: list[Path], events: list[dict[str, Any]], folder: Path) -> list[dict[str, Any]]:
    """The rows of the declaration that files are translated into."""
    declaration, stored, rows = (folder / one for one in ("made.toml", "e.jsonl", "rows.jsonl"))
    valuebox("features", "import-blurr", *files_, "--out", declaration)
    stored.write_text(lines(events))
    valuebox("features", "build", declaration, "--events", stored, "--out", rows)
    return read(rows)
