"""The long runs of docs/reliability.md, in short."""

from pathlib import Path

import pytest
from support.long_runs import assert_stored_once, figures, run

pytestmark = pytest.mark.slow("benchmarks/reliability", "src/valuebox/compartments/ltv")


@pytest.mark.parametrize("database", ["PostgreSQL", "SQLite"])
def test_every_way_to_be_killed_leaves_each_request_stored_once(
    tmp_path: Path, database: str
) -> None:
    document = tmp_path / "reliability.md"
    document.write_text("# Reliability\n\n### Chaos run\n\nof old\n\n### Soak\n\nstays\n")
    run("chaos", "--kills", 3, "--database", database, "--into", document)
    text = document.read_text()
    assert text.startswith("# Reliability\n\n### Chaos run\n")
    assert text.endswith("### Soak\n\nstays\n")
    assert "of old" not in text
    assert_stored_once(text)


def test_a_busy_service_is_sampled_and_judged(tmp_path: Path) -> None:
    document = tmp_path / "reliability.md"
    run("soak", "--minutes", 0.15, "--into", document)
    text = document.read_text()
    found = figures(text)
    assert found["memory, MiB"][-1] == "too short to say"
    assert float(found["open descriptors"][0]) > 20
    assert int(found["last third"][0].replace(",", "")) > 0
