"""Commands that documents and messages tell people to type: they can be, and a test does so."""

import re
import shlex
from pathlib import Path

import pytest
import typer
from support.guides import DOCUMENTS, NOT_RUN, PROGRAMS, WALKED, commands, left_out
from support.services import ROOT
from typer.exceptions import TyperException

from valuebox_cli.main import app

EVERY = [command for document in DOCUMENTS for command in commands(document)]
TYPED = {tuple(one.words) for one in EVERY if one.document in WALKED and left_out(one) is None}
# Commands of packages that are not installed.
OF_OTHERS = {"churn"}
TEXTS = [
    *(ROOT / name for name in (*DOCUMENTS, "docs/reference.md")),
    *(file for part in ("src", "cli", "training") for file in (ROOT / part).rglob("*.py")),
    *(ROOT / "src").rglob("*.html"),
]


def complaint(words: list[str]) -> str | None:
    """What is wrong with the words after `valuebox`, whatever the values."""
    here, left = typer.main.get_command(app), [*words]
    while hasattr(here, "list_commands"):
        if not left or left[0] in ("--help", *OF_OTHERS):
            return None
        name, *left = left
        here = here.get_command(typer.Context(here), name)
        if here is None:
            return f"there is no {name}"
    if left and left[-1].startswith("--"):
        # The name of an option alone may be meant, without its value.
        flags = {name for one in here.params for name in one.opts if getattr(one, "is_flag", False)}
        left += [] if left[-1] in flags else ["VALUE"]
    try:
        _, over, _ = here.make_parser(typer.Context(here)).parse_args(left)
    except TyperException as error:
        return error.message
    return f"{over} are too many" if over else None


def wrong(where: str, words: list[str]) -> list[str]:
    """The same as a line, where there is something."""
    found = complaint(words)
    return [f"{where}: valuebox {shlex.join(words)}: {found}"] if found else []


def test_every_command_that_anything_names_can_be_typed() -> None:
    found, named = [], 0
    for file in TEXTS:
        for text in re.findall(r"`valuebox ([a-z][^`\"]*)`", file.read_text()):
            named += 1
            found += wrong(file.name, re.sub(r"[][]", "", text).split())
    for one in EVERY:
        if one.program == "valuebox":
            first = one.words.index("valuebox") + 1
            redirected = one.words.index(">") if ">" in one.words else None
            found += wrong(one.document, one.words[first:redirected])
    assert named > 300
    assert found == []


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("growth tell", "there is no tell"),
        ("growth report --campaign TW", "No such option"),
        ("growth plan 0.05 0.1", "too many"),
        ("evaluate --html", None),
    ],
)
def test_what_cannot_be_typed_is_noticed(typed: str, why: str | None) -> None:
    found = complaint(typed.split())
    assert found is None if why is None else why in str(found)


def test_commands_go_over_several_lines(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = "# A\n\n    a --b  # it's c\n    d \\\n      e\n\n"
    text += "```sh\nf '[\n  1]'\n```\n\n```text\ng\n```\n"
    (tmp_path / "guide.md").write_text(text)
    monkeypatch.setattr("support.guides.ROOT", tmp_path)
    found = [one.words for one in commands("guide.md")]
    assert found == [["a", "--b"], ["d", "e"], ["f", "[\n  1]"]]


def test_blocks_of_commands_hold_commands() -> None:
    assert len(EVERY) > 150
    assert [one for one in EVERY if one.program not in PROGRAMS] == []


def test_every_command_is_typed_by_a_test_or_says_why_not() -> None:
    assert set(WALKED) <= set(DOCUMENTS)
    untold = [one for one in EVERY if tuple(one.words) not in TYPED and left_out(one) is None]
    assert untold == []


def test_no_reason_is_left_over() -> None:
    needed = {left_out(one) for one in EVERY if tuple(one.words) not in TYPED}
    assert [one for one in NOT_RUN if one not in needed] == []
    named = {name for one in NOT_RUN for name in re.findall(r"tests/[\w/.]+\w", one.why)}
    assert [name for name in named if not (ROOT / name).exists()] == []
