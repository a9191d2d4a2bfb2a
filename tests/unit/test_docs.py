import re
from pathlib import Path

import pytest

from valuebox.errors import STATUS_OF
from valuebox_cli import schemas
from valuebox_cli.lazy import COMMANDS

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/**/*.md"))]


@pytest.mark.parametrize("name", schemas.PUBLISHED)
def test_published_schemas_are_those_of_the_code(name: str) -> None:
    assert (ROOT / "docs" / "schemas" / name).read_text() == schemas.documents()[name]


def test_the_api_guide_names_every_error_code() -> None:
    guide = (ROOT / "docs" / "api.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \|", guide, re.MULTILINE)
    assert dict(rows) == {code: str(status.value) for code, status in STATUS_OF.items()}


def test_the_readme_names_every_command() -> None:
    readme = (ROOT / "README.md").read_text()
    assert [name for name in COMMANDS if f"`valuebox {name}" not in readme] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files(document: Path) -> None:
    links = re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", document.read_text())
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (document.parent / link).exists()] == []
