"""Slow tests are run again where something has changed that they rest on, and nowhere else."""

from pathlib import Path
from typing import Literal

import pytest
from support.slow import Record, known, subjects, touched

Outcome = Literal["passed", "failed", "skipped"]
SUBJECT = "tests/unit/test_long.py"
TEST = """
import pytest
from valuebox.sums import add

@pytest.mark.{}("data")
def test_it(): ...
"""
PACKAGE = """
if TYPE_CHECKING:
    from valuebox import others
"""
FILES = {
    SUBJECT: TEST,
    "tests/unit/test_short.py": "from valuebox.sums import add\n",
    "tests/support/services.py": "from valuebox_cli.server import serving\n",
    "src/valuebox/__init__.py": PACKAGE,
    "src/valuebox/sums.py": "def add():\n    from valuebox import adding\n",
    "src/valuebox/adding.py": "",
    "src/valuebox/others.py": "",
    "src/valuebox/service.py": "from valuebox.serving import answer\n",
    "src/valuebox/serving.py": "",
    "cli/valuebox_cli/server.py": "",
    "data/july.csv": "1\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.format("slow"))
    return tmp_path


def ran(root: Path, outcome: Outcome = "passed", exitstatus: int = 0) -> None:
    """As at the end of a run of the subject's only test."""
    record = Record(root, root / "slow.json")
    told = pytest.TestReport(
        f"{SUBJECT}::test_it", (SUBJECT, 4, "test_it"), {}, outcome, None, "call", duration=12.3
    )
    record.pytest_runtest_logreport(told)
    record.pytest_sessionfinish(exitstatus)


def asked_again(root: Path) -> list[str]:
    return touched(root, root / "slow.json")


def test_what_has_passed_is_asked_again_after_a_change_of_what_it_rests_on(root: Path) -> None:
    assert asked_again(root) == [SUBJECT]
    ran(root)
    assert known(root / "slow.json")[SUBJECT]["seconds"] == 12
    for name in FILES:
        before = (root / name).read_text()
        (root / name).write_text(f"{before}# else\n")
        rests_on = {"valuebox/__init__", "sums", "adding", "test_long", "july"}
        assert bool(asked_again(root)) == any(one in name for one in rests_on), name
        (root / name).write_text(before)
    assert asked_again(root) == []


def test_what_commands_make_among_the_sources_is_no_change(root: Path) -> None:
    ran(root)
    (root / "data" / "documents.zip").write_bytes(b"made by `make site`")
    assert asked_again(root) == []


def test_whatever_starts_a_service_rests_on_all_of_it(root: Path) -> None:
    test = root / SUBJECT
    test.write_text(test.read_text().replace("valuebox.sums", "support.services"))
    ran(root)
    (root / "src/valuebox/sums.py").write_text("")
    assert asked_again(root) == []
    (root / "src/valuebox/serving.py").write_text("# else")
    assert asked_again(root) == [SUBJECT]


@pytest.mark.parametrize(("outcome", "exitstatus"), [("failed", 1), ("skipped", 0), ("passed", 2)])
def test_what_has_not_passed_is_asked_again(root: Path, outcome: Outcome, exitstatus: int) -> None:
    ran(root, outcome, exitstatus)
    assert asked_again(root) == [SUBJECT]


def test_the_record_knows_no_subject_that_is_gone() -> None:
    assert set(known()) <= set(subjects())
