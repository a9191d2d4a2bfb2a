"""Writes docs/reference.md: all that is public from Python, from its docstrings."""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from functools import cached_property
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, Final

import valuebox
import valuebox_cli.api
import valuebox_training.customers
from valuebox.compartments import api

DOCUMENT: Final = Path(__file__).parent / "reference.md"
_HEAD: Final = """# Python reference

`make docs` writes this page from docstrings. It has all that is public from Python: what
`valuebox.__all__` names, and [what compartments of other packages import](#writing-a-compartment).
[From Python](python.md) shows the first at work, [examples/churn](../examples/churn/README.md) the
second, and [releasing](releasing.md#what-is-promised) says how long both keep working.
"""
_WRITING: Final = """
# Writing a compartment

From `valuebox.compartments.api`. Begin with `Compartment`, the object that the others are put
together in.
"""
_LEARNING: Final = """
# Learning for a compartment

From `valuebox_training.customers`.
"""
_COMMANDS: Final = """
# Commands of a compartment

From `valuebox_cli.api`.
"""
PARTS: Final = (
    (_HEAD, valuebox),
    (_WRITING, api),
    (_LEARNING, valuebox_training.customers),
    (_COMMANDS, valuebox_cli.api),
)
"""Modules whose `__all__` is public, each with what stands above it."""
_WIDTH: Final = 90
_SECTION: Final = re.compile(r"^(Args|Attributes|Raises|Returns|Yields):$")
_ENTRY: Final = re.compile(r"^    ([\w.]+(?:, [\w.]+)*): (.*)$")
# Not one within brackets, as in `dict[str, int]`.
_BETWEEN_ARGUMENTS: Final = re.compile(r", (?![^\[]*\])")


def document() -> str:
    """The text of the page."""
    return "".join(
        head + "".join(f"\n## `{name}`\n\n{_told(part, name)}" for name in part.__all__)
        for head, part in PARTS
    )


def _told(part: ModuleType, name: str) -> str:
    what = getattr(part, name)
    if isinstance(what, str):
        return f"The version, as text: `{what}`.\n"
    if inspect.isfunction(what):
        return _signature(what) + _text(what)
    if not inspect.isclass(what):
        (text,) = (told for one, told in _fields(_source_of(part, name)).items() if one == name)
        return f"{text}\n"
    # Whoever catches an error does not make it, and what others have written is not told.
    init = vars(what).get("__init__")
    is_ours = inspect.isfunction(init) and init.__module__ == what.__module__
    told = _signature(init, name) if is_ours and not issubclass(what, Exception) else ""
    told += _text(what)
    fields = _fields(ast.parse(textwrap.dedent(inspect.getsource(what))).body[0])
    if fields and "Attributes:" not in str(what.__doc__):
        told += "\n**Attributes**\n\n"
        told += "".join(f"- `{one}`{text and ': '}{text}\n" for one, text in fields.items())
    for method, found in vars(what).items():
        text = inspect.getdoc(found) or "See "
        is_one = isinstance(found, (FunctionType, property, cached_property, classmethod))
        if is_one and not method.startswith("_") and not text.startswith("See "):
            shown = _signature(inspect.unwrap(getattr(what, method))) if _is_called(found) else ""
            told += f"\n### `{name}.{method}`\n\n{shown}{_text(found)}"
    return told


def _is_called(found: Any) -> bool:
    return isinstance(found, (FunctionType, classmethod))


def _source_of(part: ModuleType, name: str) -> ast.Module:
    """The module in which a name is assigned that a module hands on."""
    source = ast.parse(inspect.getsource(part))
    for node in ast.walk(source):
        if isinstance(node, ast.ImportFrom) and name in [one.name for one in node.names]:
            return ast.parse(inspect.getsource(import_module(str(node.module))))
    return source


def _fields(node: Any) -> dict[str, str]:
    """What is assigned in a class or a module, and what is said of it, in one line."""
    found: dict[str, str] = {}
    for one, following in pairwise([*node.body, None]):
        targets = getattr(one, "targets", [getattr(one, "target", None)])
        if not isinstance(one, (ast.Assign, ast.AnnAssign)) or not isinstance(targets[0], ast.Name):
            continue
        name = targets[0].id
        if name.startswith("_"):
            continue
        value = getattr(following, "value", None)
        text = value.value if isinstance(value, ast.Constant) else _description(one.value)
        is_typed = isinstance(one, ast.AnnAssign) and isinstance(node, ast.ClassDef)
        if isinstance(text, str) or is_typed:
            shown = f"{name}: {ast.unparse(_bare(one.annotation))}" if is_typed else name
            found[shown] = " ".join(str(text or "").split())
    return found


def _description(value: Any) -> str | None:
    """What a field of pydantic says of itself."""
    for keyword in getattr(value, "keywords", ()):
        if keyword.arg == "description":
            return str(ast.literal_eval(keyword.value))
    return None


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
    end = "" if name else f" -> {_unparsed(_bare(node.returns) or ast.Constant(None))}"
    written = re.sub(r"(: [^=,]+)=", r"\1 = ", ast.unparse(node.args))
    arguments = [one for one in _BETWEEN_ARGUMENTS.split(written) if one not in ("self", "cls")]
    within = ", ".join(arguments)
    if len(start) + len(within) + len(end) > _WIDTH:
        within = "".join(f"\n    {one}," for one in arguments) + "\n"
    return f"```python\n{start}({within}){end}\n```\n\n"


def _unparsed(node: ast.expr) -> str:
    # Of Python 3.11, behind a star within brackets.
    return ast.unparse(node).replace(",]", "]")


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
