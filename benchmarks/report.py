"""Tables for the documentation, and what they were measured with."""

import os
import platform
import re
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path


def table(header: list[str], rows: list[list[object]]) -> str:
    """A Markdown table: names on the left, figures on the right."""
    lines = [header, ["---", *["--:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def measured_with(*more: str, python: str = platform.python_version()) -> str:
    """The day, and the versions that the figures hold for.

    Args:
        more: What else there was, with its version.
        python: Its version, where another one than this was measured.
    """
    libraries = [f"{name} {version(name)}" for name in ("bentoml", "sqlalchemy", "psycopg2-binary")]
    things = ", ".join([f"Python {python}", *libraries, *more])
    return f"{datetime.now(UTC).date()}; {things}; {os.cpu_count()} cores."


def put_section(path: Path, heading: str, text: str) -> None:
    """Write `text` below a heading of a Markdown file, in the place of what was there."""
    before = path.read_text() if path.exists() else ""
    section = f"{heading}\n\n{text}\n"
    # Up to the next heading of any level.
    there = re.compile(rf"^{re.escape(heading)}\n.*?(?=^#|\Z)", re.MULTILINE | re.DOTALL)
    if there.search(before):
        path.write_text(there.sub(lambda _: f"{section}\n", before).rstrip("\n") + "\n")
    else:
        path.write_text(f"{before}\n{section}".lstrip("\n"))
