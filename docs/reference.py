"""Writes docs/reference.md: everything that `valuebox.__all__` names, from its docstrings."""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import valuebox

DOCUMENT: Final = Path(__file__).parent / "reference.md"
_HEAD: Final = """# Python reference

`make docs` writes this page from the docstrings of what `valuebox.__all__` names: all that is
public from Python. [From Python](python.md) shows it at work, and
[releasing](releasing.md#what-is-promised) says how long it keeps working.
"""
_WIDTH: Final = 90
_SECTION: Final = re.compile(r"^(Args|Attributes|Raises|Returns|Yields):$")
_ENTRY: Final = re.compile(r"^    (\w+): (.*)$")
# Not one within brackets, as in `dict[str, int]`.
_BETWEEN_ARGUMENTS: Final = re.compile(r", (?![^\[]*\])")


def document() -> str:
    """The text of the page."""
    return _HEAD + "".join(f"\n## `{name}`\n\n{_told(name)}" for name in valuebox.__all__)


def _told(name: str) -> str:
    what = getattr(valuebox, name)
    if isinstance(what, str):
        return f"The version, as text: `{what}`.\n"
    if not inspect.isclass(what):
        return _signature(what) + _text(what)
    # Whoever catches an error does not make it.
    told = "" if issubclass(what, Exception) else _signature(what.__init__, what.__name__)
    told += _text(what)
    for method, found in vars(what).items():
        text = inspect.getdoc(found) or "See "
        if not method.startswith("_") and not text.startswith("See "):
            shown = _signature(found) if callable(found) else ""
            told += f"\n### `{name}.{method}`\n\n{shown}{_text(found)}"
    return told


def _signature(what: Any, name: str | None = None) -> str:
    """The first lines of a function; of a class those of its `__init__`, under another name."""
    if not hasattr(what, "__code__") or what.__code__.co_filename == "<string>":
        return ""
    node: Any = ast.parse(textwrap.dedent(inspect.getsource(what))).body[0]
    for quoted in ast.walk(node.args):
        if isinstance(quoted, ast.arg):
            quoted.annotation = _bare(quoted.annotation)
    word = "async def " if isinstance(node, ast.AsyncFunctionDef) else "def "
    start = name or f"{word}{node.name}"
    end = "" if name else f" -> {ast.unparse(_bare(node.returns) or ast.Constant(None))}"
    written = re.sub(r"(: [^=,]+)=", r"\1 = ", ast.unparse(node.args))
    arguments = [one for one in _BETWEEN_ARGUMENTS.split(written) if one != "self"]
    within = ", ".join(arguments)
    if len(start) + len(within) + len(end) > _WIDTH:
        within = "".join(f"\n    {one}," for one in arguments) + "\n"
    return f"```python\n{start}({within}){end}\n```\n\n"


def _bare(annotation: ast.expr | None) -> ast.expr | None:
    """An annotation without the quotes around it."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return ast.parse(annotation.value, mode="eval").body
    return annotation


def _text(what: Any) -> str:
    return "\n".join(_lines(inspect.getdoc(what) or "")) + "\n"


def _lines(text: str) -> Iterator[str]:
    """A docstring in Markdown: the entries of its sections become lists."""
    is_section = False
    for line in text.splitlines():
        if found := _SECTION.match(line):
            is_section = True
            yield f"**{found[1]}**\n"
        elif is_section and (entry := _ENTRY.match(line)):
            yield f"- `{entry[1]}`: {entry[2]}"
        elif is_section and line.startswith("        "):
            yield f"  {line.strip()}"
        else:
            yield line.strip()


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
