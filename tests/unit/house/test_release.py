"""The version, the changelog and what is published from docstrings agree."""

import re
import tomllib
from datetime import date
from pathlib import Path

from support.commands import valuebox as command
from support.documents import generator

import valuebox
from valuebox.serving.openapi import truthful

ROOT = Path(__file__).parents[3]


def sections() -> list[str]:
    return re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)


def test_the_changelog_has_a_dated_section_for_each_release_and_one_to_come() -> None:
    to_come, *released = sections()
    assert to_come == "[Unreleased]"
    found = [re.fullmatch(r"(\d+\.\d+\.\d+) - (\d{4}-\d{2}-\d{2})", one) for one in released]
    assert None not in found
    versions = [tuple(map(int, one[1].split("."))) for one in found if one]
    days = [date.fromisoformat(one[2]) for one in found if one]
    assert versions == sorted(set(versions), reverse=True)
    assert days == sorted(days, reverse=True)
    assert ".".join(map(str, versions[0])) == valuebox.__version__


def test_the_version_stands_in_one_place() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["hatch"]["version"]["path"] == "src/valuebox/__init__.py"
    assert command("--version")[0] == f"valuebox {valuebox.__version__}\n"
    spec = {"paths": {"/readyz": {"get": {"responses": {}}}}}
    assert truthful(spec)["info"]["version"] == valuebox.__version__


def test_a_bento_has_every_file_of_the_service() -> None:
    included = set(re.findall(r"src/\*\*/\*(\.\w+)", (ROOT / "bentofile.yaml").read_text()))
    files = [one for one in (ROOT / "src").rglob("*.*") if one.is_file()]
    endings = {one.suffix for one in files if "__pycache__" not in one.parts}
    # For type checkers, and for pages that commands write.
    assert endings - included == {".typed", ".js"}


def test_the_reference_is_that_of_the_code_and_has_every_public_name() -> None:
    reference = generator("reference")
    written = reference.DOCUMENT.read_text()
    assert written == reference.document(), "`make docs` writes it anew"
    names = re.findall(r"^## `(\w+)`$", written, re.MULTILINE)
    assert names == [name for _, part in reference.PARTS for name in part.__all__]
    assert reference.PARTS[0][1] is valuebox


def test_every_public_name_is_documented_with_all_its_arguments() -> None:
    reference = generator("reference").document()
    for method in (valuebox.Client.search, valuebox.Client.call, valuebox.LoadedModel.predict):
        told = reference.split(f"### `{method.__qualname__}`")[1].split("\n###")[0]
        arguments = set(method.__annotations__) - {"return"}
        assert [one for one in arguments if f"- `{one}`: " not in told] == []
