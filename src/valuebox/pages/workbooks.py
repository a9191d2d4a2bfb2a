"""Tables as workbooks that spreadsheets open, in which no text is ever a formula."""

import io
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MADE_AT: Final = datetime(2000, 1, 1)
_MOMENT: Final = "yyyy-mm-dd hh:mm:ss"
_LONGEST: Final = 32_000
"""Characters of a text at most; a cell holds few more."""
_NOT_IN_XML: Final = re.compile("[\ud800-\udfff\ufffe\uffff]")
_WIDTH: Final = 16
"""Width of columns, in letters."""


def workbook(name: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """A workbook with a single table; the same one for the same rows, to the byte.

    Texts stay texts, whatever they look like; moments are in UTC; nothing stands for what is not
    known.

    Args:
        name: Of the sheet and of the table, in letters alone.
        head: Names of the columns, each another one.
        rows: As many cells each.
    """
    # Whoever asks for no workbook does not wait for what writes them.
    from xlsxwriter import Workbook  # type: ignore[import-untyped]

    file, every = io.BytesIO(), list(rows)
    book = Workbook(file, {"in_memory": True})
    book.set_properties({"created": _MADE_AT})
    moment = book.add_format({"num_format": _MOMENT})
    sheet = book.add_worksheet(name)
    columns = [{"header": one} for one in head]
    # A table without rows would be no table.
    last = max(len(every), 1)
    sheet.add_table(0, 0, last, len(head) - 1, {"name": name, "columns": columns})
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(head) - 1, _WIDTH)
    for at, row in enumerate(every, start=1):
        for column, value in enumerate(row):
            match value:
                case None:
                    continue
                case datetime():
                    utc = value.astimezone(UTC).replace(tzinfo=None)
                    sheet.write_datetime(at, column, utc, moment)
                case bool():
                    sheet.write_boolean(at, column, value)
                case int() | float():
                    sheet.write_number(at, column, value)
                case _:
                    sheet.write_string(at, column, _text(value))
    book.close()
    return file.getvalue()


def _text(value: object) -> str:
    return _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", str(value)[:_LONGEST])
