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


def test_every_part_of_a_large_installation_may_be_killed(tmp_path: Path) -> None:
    document = tmp_path / "reliability.md"
    sizes = ("--predictions", 10_000, "--events", 10_000)
    run("large", *sizes, "--kills", 6, "--visits", 1, "--into", document)
    found = figures(document.read_text())
    for part in ("PgBouncer", "the read replica", "the database"):
        assert found[f"killed: {part}"] == ["1"]
    assert found["**lost rows**"] == found["**rows stored twice**"] == ["0"]
    assert found["**of these, missing**"] == ["0"]
    assert int(found["the month of predictions, with its features"][0].replace(",", "")) > 100


def test_a_busy_service_is_sampled_and_judged(tmp_path: Path) -> None:
    document = tmp_path / "reliability.md"
    run("soak", "--minutes", 0.15, "--into", document)
    text = document.read_text()
    found = figures(text)
    assert found["memory, MiB"][-1] == "too short to say"
    assert float(found["open descriptors"][0]) > 20
    assert int(found["last third"][0].replace(",", "")) > 0
