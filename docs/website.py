"""Pages of the site: all documents, what is generated of the code, and links within it."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from posixpath import relpath
from typing import Any, Final

import typer

import valuebox.service  # noqa: F401 - it brings the endpoints
from valuebox.front.reference import operations
from valuebox_cli.main import app

ROOT: Final = Path(__file__).parents[1]
FOLDER: Final = ROOT / "build" / "pages"
_ELSEWHERE: Final = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "data/README.md": "data.md",
    "examples/churn/README.md": "compartment.md",
}
"""Pages by documents that are not in `docs`, both as paths from their roots."""
_COPIED: Final = ("docs/images", "docs/schemas")
_LINK: Final = re.compile(
    r"(?P<image>!?)\[(?P<text>(?:!\[[^\]]*\]\([^)]*\)|[^\[\]])*)\]\((?P<to>[^)\s]+)\)"
)
_CONTENTS: Final = {
    "Tutorials": "ltv growth response handle offers recommend features",
    "How to": "files data import python experiments recommend-proof dashboard monitoring deploy "
    "kubernetes operate sizing dask features-blurr compartment security contributing releasing",
    "Why": "compare architecture cohort-error reliability serving-speed scoring-speed facts-speed "
    "features-speed decisions",
    "Reference": "commands options settings api endpoints metrics reference modules changelog",
}
"""Pages by the parts of the site, whose headings are those of the pages."""


def pages() -> dict[str, str]:
    """The text of every page, by its path."""
    documents = {file: file[5:] for file in _documents()} | _ELSEWHERE
    written = {
        page: _page((ROOT / file).read_text(encoding="utf-8"), file, documents)
        for file, page in documents.items()
    }
    return written | {
        "decisions.md": _decisions(written),
        "options.md": _options(),
        "endpoints.md": _endpoints(),
    }


def _documents() -> list[str]:
    return [str(file.relative_to(ROOT)) for file in sorted((ROOT / "docs").rglob("*.md"))]


def _page(text: str, file: str, documents: dict[str, str]) -> str:
    """A document as a page: links lead to pages, or are text where there is no page."""
    led = _LINK.sub(lambda link: _led(link, file, documents), text)
    return led + _contents(_CONTENTS) if documents[file] == "index.md" else led


def _led(link: re.Match[str], file: str, documents: dict[str, str]) -> str:
    inside = _LINK.sub(lambda one: _led(one, file, documents), link["text"])
    target, _, anchor = link["to"].partition("#")
    if "://" in target or not target:
        return f"{link['image']}[{inside}]({link['to']})"
    named = str(Path(ROOT / file).parent.joinpath(target).resolve().relative_to(ROOT))
    page = documents.get(named)
    if page is None and named.startswith(_COPIED):
        page = named.removeprefix("docs/")
    if named == "docs/decisions":
        page = "decisions.md"
    if page is None:
        return inside
    here = Path(documents[file]).parent.as_posix()
    return f"{link['image']}[{inside}]({relpath(page, here)}{'#' if anchor else ''}{anchor})"


def _decisions(written: dict[str, str]) -> str:
    """A list of all decisions, by their headings."""
    rows = [
        f"- [{text.splitlines()[0].removeprefix('# ')}]({page})"
        for page, text in sorted(written.items())
        if page.startswith("decisions/")
    ]
    told = ["# Decisions", "", "What was chosen, beside what, and why.", "", *rows, ""]
    pages = " ".join(page.removesuffix(".md") for page in sorted(written) if "decisions/" in page)
    return "\n".join(told) + _contents({"": pages})


def _contents(parts: dict[str, str]) -> str:
    """What the list of pages at the side is made of; a page has to be in one such part."""
    return "".join(
        "\n".join(["", "```{toctree}", ":hidden:", f":caption: {part}" if part else ""])
        + "\n\n"
        + "\n".join([*listed.split(), "```", ""])
        for part, listed in parts.items()
    )


def _options() -> str:
    """What `--help` says of every command."""
    parts = ["# Options of every command\n\nWhat `valuebox COMMAND --help` says of each.\n"]
    root = typer.main.get_command(app)
    parts += [_command(path, command) for path, command in _commands(root, "valuebox")]
    return "\n".join(parts)


def _commands(group: Any, path: str) -> Iterator[tuple[str, Any]]:
    context = typer.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if hasattr(command, "list_commands"):
            yield from _commands(command, f"{path} {name}")
        elif not command.hidden:
            yield f"{path} {name}", command


def _command(path: str, command: Any) -> str:
    rows = [
        f"| `{_named(one)}` | {_cell(one.help or '')} |"
        for one in command.params
        if not getattr(one, "hidden", False) and "completion" not in str(one.name)
    ]
    told = (command.help or "").replace("\b", "").strip()
    return "\n".join([f"## {path}\n", told, "", "| option | meaning |", "|---|---|", *rows, ""])


def _named(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return str(parameter.name).upper()
    return " / ".join([*parameter.opts, *parameter.secondary_opts])


def _endpoints() -> str:
    """What is declared of every endpoint."""
    parts = [
        "# Every endpoint\n\nWhat `/openapi.json` of a running service declares; the "
        "[API guide](api.md) explains it.\n"
    ]
    for one in operations():
        key = f"An API key with the scope {' or '.join(f'`{scope}`' for scope in one.scopes)}."
        parts.append(f"## {one.method} {one.path}\n\n{one.title}\n\n{one.description}\n\n{key}\n")
        for what, fields in (("takes", one.takes), ("answers", one.answers)):
            if fields:
                rows = [_field(field) for field in fields]
                parts.append(
                    "\n".join([f"| {what} | type | meaning |", "|---|---|---|", *rows, ""])
                )
        codes = ", ".join(f"`{code}` ({status})" for status, code in one.errors)
        parts.append(f"Errors: {codes}.\n" if codes else "")
    return "\n".join(parts)


def _field(field: Any) -> str:
    return f"| `{field.name}` | {_cell(field.kind)} | {_cell(field.meaning)} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    shutil.rmtree(FOLDER, ignore_errors=True)
    for name, text in pages().items():
        (FOLDER / name).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / name).write_text(text, encoding="utf-8")
    for folder in _COPIED:
        left_out: Callable[..., set[str]] = shutil.ignore_patterns("*.py", "__pycache__")
        shutil.copytree(ROOT / folder, FOLDER / Path(folder).name, ignore=left_out)
