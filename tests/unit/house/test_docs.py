import re
from pathlib import Path

import pytest
from support.documents import generator

from valuebox.serving.errors import STATUS_OF
from valuebox_cli.terminal.commands import COMMANDS

ROOT = Path(__file__).parents[3]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/**/*.md"))]
DOCUMENTS += sorted(ROOT.glob("examples/*/*.md"))


def test_published_schemas_are_those_of_the_code() -> None:
    schemas = generator("schemas")
    published = schemas.FOLDER.glob("*.schema.json")
    assert {file.name: file.read_text() for file in published} == schemas.documents()


def test_the_api_guide_names_every_error_code() -> None:
    guide = (ROOT / "docs" / "api.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \|", guide, re.MULTILINE)
    assert dict(rows) == {code: str(status.value) for code, status in STATUS_OF.items()}


def test_the_list_names_every_command() -> None:
    documents = (ROOT / "docs" / "commands.md").read_text()
    assert [name for name in COMMANDS if f"`valuebox {name}" not in documents] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files(document: Path) -> None:
    links = re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", document.read_text())
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", [ROOT / "docs" / "architecture.md", ROOT / "CONTRIBUTING.md"])
def test_modules_that_documents_name_are_there(document: Path) -> None:
    folders = ("src", "cli", "training", "examples", "tests", "docs")
    there = [f"/{file.relative_to(ROOT)}" for one in folders for file in (ROOT / one).rglob("*.py")]
    named = re.findall(r"`(?:[\w/]+…/)?([\w/.]+\.py)`", document.read_text())
    every = [name for name in named if "NAME" not in name]
    assert len(every) > 5
    assert [one for one in every if not any(file.endswith(f"/{one}") for file in there)] == []


@pytest.mark.parametrize("name", ["compare.md", "reliability.md"])
def test_what_holds_a_claim_is_there(name: str) -> None:
    text = (ROOT / "docs" / name).read_text()
    tests = {file.name for file in (ROOT / "tests").rglob("test_*.py")}
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    named = re.findall(r"`(test_\w+\.py)`", text)
    assert len(named) > 5
    assert [one for one in named if one not in tests] == []
    assert [one for one in re.findall(r"`make ([\w-]+)`", text) if one not in targets] == []


def test_nobody_is_told_to_install_a_package_by_a_name_that_anybody_may_take() -> None:
    files = [*DOCUMENTS, ROOT / "SECURITY.md", ROOT / "Dockerfile", ROOT / "Makefile"]
    files += [one for part in ("src", "cli", "training") for one in (ROOT / part).rglob("*.py")]
    lines = [(file.name, line) for file in files for line in file.read_text().splitlines()]
    by_name = re.compile(r"\binstall\b[^.]*['\"\s]valuebox(?:\[|==)|\bpip install ['\"]?valuebox\b")
    assert [one for one in lines if by_name.search(one[1])] == []
