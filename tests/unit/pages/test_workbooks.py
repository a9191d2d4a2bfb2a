"""Workbooks: what stands in a cell is what was put there, and nothing is ever worked out."""

import io
import zipfile
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from xml.etree import ElementTree

from valuebox.pages.workbooks import workbook

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
FORMULAS = ("=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "{=1}", "https://example.com", "007")
ODD = ("a\x01b", "Montréal ⚽", "x\ufffey", "", "_x0041_", "<&>", "  blanks  ")


def cells(book: bytes) -> list[list[Any]]:
    """The cells of the sheet, numbers as such, below its head."""
    with zipfile.ZipFile(io.BytesIO(book)) as parts:
        every = {name: parts.read(name) for name in parts.namelist()}
    texts = [
        "".join(part.text or "" for part in one.iter(f"{_MAIN}t"))
        for one in ElementTree.fromstring(every["xl/sharedStrings.xml"])
    ]
    sheet = ElementTree.fromstring(every["xl/worksheets/sheet1.xml"])
    assert list(sheet.iter(f"{_MAIN}f")) == []
    assert "xl/calcChain.xml" not in every
    rows = []
    for row in sheet.iter(f"{_MAIN}row"):
        found = {}
        for one in row.iter(f"{_MAIN}c"):
            value = one.findtext(f"{_MAIN}v")
            column = ord(one.attrib["r"][0]) - ord("A")
            if value is not None:
                found[column] = texts[int(value)] if one.get("t") == "s" else float(value)
        rows.append([found.get(column) for column in range(3)])
    return rows[1:]


def test_texts_stay_texts_whatever_they_look_like() -> None:
    found = cells(workbook("tried", ["a", "b", "c"], [[one, 1, None] for one in (*FORMULAS, *ODD)]))
    assert [row[0] for row in found[: len(FORMULAS)]] == list(FORMULAS)
    odd = dict(zip(ODD, (row[0] for row in found[len(FORMULAS) :]), strict=True))
    assert odd["Montréal ⚽"] == "Montréal ⚽"
    assert odd["<&>"] == "<&>"
    assert odd["  blanks  "] == "  blanks  "
    assert odd["x\ufffey"] == "x�y"
    assert {tuple(row[1:]) for row in found} == {(1.0, None)}


def test_moments_are_those_of_utc_and_the_same_rows_the_same_file() -> None:
    noon = datetime(2020, 3, 1, 12, tzinfo=UTC)
    elsewhere = noon.astimezone(timezone(timedelta(hours=-5)))
    first, again = (
        workbook("tried", ["a", "b", "c"], [[one, 2.5, 3]]) for one in (noon, elsewhere)
    )
    # Days since 1899-12-30.
    assert cells(first) == [[43891.5, 2.5, 3.0]]
    assert again == first


def test_a_table_without_rows_is_a_workbook_as_well() -> None:
    assert [row for row in cells(workbook("tried", ["a", "b", "c"], [])) if any(row)] == []
