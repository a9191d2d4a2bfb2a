"""Which slow tests a change touches: `make test-slow` writes down what they have passed with.

A subject is a file with slow tests. It rests on its own text, on all that this imports, and on
what its marks name, such as `@pytest.mark.slow("benchmarks/serving")`. Whatever starts a service
rests on all that a service imports, but on those compartments alone that are imported or named.
"""

import ast
import json
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).parents[2]
RECORD: Final = ROOT / "tests" / "slow.json"
_MARK: Final = "pytest.mark.slow"
_FOLDERS: Final = (".", "tests", "src", "training", "cli")
_STARTS: Final = "valuebox_cli.server"
"""The module that is imported by whatever starts a service."""
_MADE: Final = {"__pycache__", "documents.zip"}
"""What commands make among the sources, such as `make site`."""
_ALL_REST_ON: Final = ("requirements-dev.txt", "bentofile.yaml", "tests/conftest.py")


def _run(node: ast.AST) -> Iterator[ast.AST]:
    """Every node below one, but for those that are there for types alone."""
    yield node
    if not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
        for one in ast.iter_child_nodes(node):
            yield from _run(one)


@cache
def _beside(file: Path, root: Path) -> set[Path]:
    """Files of ours that a file imports or whose marks name them, wherever it does."""
    names: set[str] = set()
    found: set[Path] = set()
    for node in _run(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{one.name}" for one in node.names}
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == _MARK:
            found |= {root / ast.literal_eval(one) for one in node.args}
    names |= {"valuebox.service"} if _STARTS in names else set()
    for name in names:
        parts = name.split(".")
        for folder in _FOLDERS:
            above = [root.joinpath(folder, *parts[:n], "__init__.py") for n in range(1, len(parts))]
            module = root.joinpath(folder, *parts)
            found |= {*filter(Path.is_file, (*above, module.with_suffix(".py")))}
            found |= {*filter(Path.is_file, [module / "__init__.py"])}
    return found


def subjects(root: Path = ROOT) -> list[str]:
    """Every file with slow tests."""
    texts = {file: file.read_text() for file in sorted((root / "tests").rglob("test_*.py"))}
    return [
        str(file.relative_to(root))
        for file, text in texts.items()
        if _MARK in text
        and any(isinstance(one, ast.Attribute) and ast.unparse(one) == _MARK
                for one in ast.walk(ast.parse(text)))
    ]  # fmt: skip


def sources(subject: str, root: Path = ROOT) -> list[Path]:
    """Every file that a subject rests on."""
    waiting = [root / one for one in (subject, *_ALL_REST_ON)]
    found: set[Path] = set()
    while waiting:
        one = waiting.pop()
        if one.is_dir():
            waiting += [file for file in one.rglob("*") if _MADE.isdisjoint(file.parts)]
        elif one.is_file() and one not in found:
            found.add(one)
            waiting += _beside(one, root) if one.suffix == ".py" else ()
    return sorted(found)


def digest(subject: str, root: Path = ROOT) -> str:
    """What tells the files that a subject rests on from any others."""
    found = sha256()
    for file in sources(subject, root):
        text = file.read_bytes()
        found.update(f"{file.relative_to(root)} {len(text)}\n".encode() + text)
    return found.hexdigest()[:16]


def known(record: Path = RECORD) -> dict[str, Any]:
    """What was written down of subjects: a digest of `sources`, and `seconds` of the tests."""
    found: dict[str, Any] = json.loads(record.read_text()) if record.exists() else {}
    return found


def touched(root: Path = ROOT, record: Path = RECORD) -> list[str]:
    """Subjects that rest on something else than when their tests were last passed."""
    before = {subject: one["sources"] for subject, one in known(record).items()}
    return [one for one in subjects(root) if before.get(one) != digest(one, root)]


class Record:
    """Writes down the subjects all of whose tests have passed in a run."""

    def __init__(self, root: Path = ROOT, record: Path = RECORD) -> None:
        self._root, self._record = root, record
        self._before = {one: digest(one, root) for one in subjects(root)}
        self._seconds: dict[str, float] = {}
        self._others: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add up what each subject takes; what was skipped has not passed."""
        subject = report.nodeid.partition("::")[0]
        self._seconds[subject] = self._seconds.get(subject, 0.0) + report.duration
        if not report.passed:
            self._others.add(subject)

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Write it down, but not of a run that was broken off."""
        if exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            return
        found = {one: told for one, told in known(self._record).items() if one in self._before}
        for subject in self._seconds.keys() & self._before.keys() - self._others:
            seconds = round(self._seconds[subject])
            found[subject] = {"sources": self._before[subject], "seconds": seconds}
        self._record.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Whether slow tests that pass are written down."""
    parser.addoption("--record", action="store_true", help="write down which slow tests passed")


def pytest_configure(config: pytest.Config) -> None:
    """Write it down where the tests are handed out."""
    if config.getoption("--record") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Record())


if __name__ == "__main__":
    print(*touched())  # noqa: T201
