"""Commands that only read a database which is not there: they say so, and make none."""

from pathlib import Path

import pytest
from support.commands import only_line, valuebox


@pytest.mark.parametrize(
    "command",
    [
        "backup FOLDER/copy",
        "evaluate data/valid.csv --source database",
        "monitor",
        "growth report",
        "growth whom --out FOLDER/whom.csv",
        "offers report",
        "users export 4711",
        "users forget 4711 --yes",
        "keys list",
        "db check",
        "db prune --days 30",
    ],
)
def test_a_database_that_is_not_there_is_said_and_not_made(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "none.db"
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{file}")
    _, complaint = valuebox(*command.replace("FOLDER", str(tmp_path)).split(), exit_code=2)
    assert only_line(complaint).startswith(f"error: there is no database {file}; `bentoml serve`")
    assert list(tmp_path.iterdir()) == []
