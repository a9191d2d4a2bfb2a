"""CSV for spreadsheets: nothing is worked out, and every text can be had back."""

import csv
import io

import pytest

from valuebox.pages.spreadsheets import cell, write_rows

FORMULAS = (
    "=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "\ufeff=1",
    "\uff1d1+1", "\uff20SUM(A1)", "'=1", "''-x", "-", "+49 170 1234", "'-5", "-5\n=1", "-\u0665",
)  # fmt: skip
PLAIN = ("-5", "+1.5", "-1e5", "-.5", "US", "a=b", "1-2", "", "'quoted'", "mail@example.com", "007")


def original(text: str) -> str:
    """The text of a cell as somebody else sent it, by the rule in docs/dashboard.md."""
    is_marked = text.startswith("'") and cell(text[1:]) == text
    return text[1:] if is_marked else text


@pytest.mark.parametrize("text", FORMULAS)
def test_what_looks_like_a_formula_is_text(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("text", PLAIN)
def test_plain_numbers_and_all_other_texts_stay_as_they_are(text: str) -> None:
    assert cell(text) == text


def test_every_id_survives_the_round_trip() -> None:
    ids = [*FORMULAS, *PLAIN]
    assert len({cell(one) for one in ids}) == len(ids)
    file = io.StringIO(newline="")
    write_rows(file, ["id", "number"], ([one, -5] for one in ids))
    file.seek(0)
    _, *rows = csv.reader(file)
    assert [original(row[0]) for row in rows] == ids
    assert {row[1] for row in rows} == {"-5"}
