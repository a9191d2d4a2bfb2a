"""CSV that people open in a spreadsheet, which would work out a text that looks like a formula."""

import csv
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, TextIO

# What spreadsheets begin formulas with, also where there are blanks or what is not seen before
# it, and as East Asian keyboards write it. Apostrophes before it, so that the text can be had back.
_FORMULA: Final = re.compile(
    r"'*[\s\x00-\x1f\ufeff\u200b]*[=+\-@\uff1d\uff0b\uff0d\uff20]|'*[\t\r\n]"
)
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def cell(value: Any) -> Any:
    """A value as a cell: moments as ISO 8601, texts that look like formulas with an apostrophe.

    Plain numbers stay as they are, such as the id -5. Whoever reads the file by program takes one
    apostrophe away from a text that `cell` would put another one before.
    """
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value


def write_rows(file: TextIO, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a table by RFC 4180, its head first; nothing stands for what is not known.

    Args:
        file: Opened with `newline=""`, as the lines have ends of their own.
        head: Names of the columns, which are ours.
        rows: As many cells each.
    """
    writer = csv.writer(file)
    writer.writerow(head)
    writer.writerows([cell(value) for value in row] for row in rows)
