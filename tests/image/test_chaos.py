from pathlib import Path

import pytest
from support.containers import IMAGE
from support.long_runs import assert_stored_once, run


@pytest.mark.parametrize("database", ["PostgreSQL", "SQLite"])
def test_every_way_to_be_killed_in_a_container_leaves_each_request_stored_once(
    built_model: str, tmp_path: Path, database: str
) -> None:
    document = tmp_path / "reliability.md"
    document.write_text("### Chaos run\n\nnatively\n")
    run("chaos", "--kills", 3, "--database", database, "--image", IMAGE, "--into", document)
    text = document.read_text()
    assert text.startswith("### Chaos run\n\nnatively\n\n### Chaos run in containers\n")
    assert_stored_once(text)
