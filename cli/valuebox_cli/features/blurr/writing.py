"""Declarations as TOML."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

_CONTROL: Final = dict.fromkeys((*range(32), 127, 133, 8232, 8233), "�")
_WIDTH: Final = 110


def toml(content: Mapping[str, Any], comments: Iterable[str]) -> str:
    """A table as a document, with comments at its head.

    Args:
        content: Values, and tables of values or of further tables.
        comments: A paragraph each.
    """
    lines = [line for one in comments for line in _comment(one)]
    lines += [""] if lines else []
    lines += [f"{name} = {_value(one)}" for name, one in content.items() if _is_plain(name, one)]
    for name, one in content.items():
        if _is_plain(name, one):
            continue
        tables = {name: one} if name == "anchor" else {
            f"{name}.{inner}": table for inner, table in one.items()
        }  # fmt: skip
        for header, table in tables.items():
            lines += ["", f"[{header}]"]
            lines += [f"{inner} = {_value(each)}" for inner, each in table.items()]
    return "\n".join(lines) + "\n"


def _is_plain(name: str, value: Any) -> bool:
    return not isinstance(value, Mapping) or name == "split"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{name} = {_value(one)}' for name, one in value.items())} }}"
    return _text(value) if isinstance(value, str) else str(value)


def _text(value: str) -> str:
    plain = value.translate(_CONTROL) == value
    if plain and "'" not in value and '"' in value:
        return f"'{value}'"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _comment(paragraph: str) -> Iterable[str]:
    line = "#"
    for word in paragraph.translate(_CONTROL).split(" "):
        if len(line) + len(word) >= _WIDTH and line != "#":
            yield line
            line = "#  "
        line += f" {word}"
    yield line
