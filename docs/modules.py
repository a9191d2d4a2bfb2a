"""docs/modules.md: every module by the first line of its docstring, which `make docs` writes."""

import ast
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
DOCUMENT: Final = ROOT / "docs" / "modules.md"
_PACKAGES: Final = ("src/valuebox", "training/valuebox_training", "cli/valuebox_cli", "benchmarks")
_LEFT_OUT: Final = {"versions", "peers"}
"""Migrations are named after what they do, and peers of benchmarks are not ours."""
_HEAD: Final = """# Every module

`make docs` writes this page from the first lines of the modules;
[architecture](architecture.md) tells how they belong together.
"""


def document() -> str:
    """The text of the page."""
    parts = (f"\n## {package}\n\n{_listing(ROOT / package)}" for package in _PACKAGES)
    return _HEAD + "".join(parts)


def _listing(folder: Path) -> str:
    lines = []
    for file in sorted(folder.rglob("*.py"), key=_place):
        inside = file.relative_to(folder)
        if _LEFT_OUT & set(inside.parts):
            continue
        said = _first_line(file)
        if file.name != "__init__.py":
            lines.append(f"{'  ' * (len(inside.parts) - 1)}- `{file.name}` {said}")
        elif len(inside.parts) > 1:
            lines.append(f"{'  ' * (len(inside.parts) - 2)}- **{file.parent.name}/** {said}")
    return "\n".join(lines) + "\n"


def _place(file: Path) -> tuple[tuple[bool, str], ...]:
    """Files of a folder before its folders, and what the folder is before both."""
    *folders, name = file.parts
    return (*((True, folder) for folder in folders), (False, "" if name == "__init__.py" else name))


def _first_line(file: Path) -> str:
    return (ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or "").split("\n")[0]


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
