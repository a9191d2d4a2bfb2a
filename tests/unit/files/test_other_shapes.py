"""The recipe of docs/files.md for files of another shape does what it says."""

import re
from pathlib import Path

import pandas as pd
import pytest
from support.services import ROOT

from valuebox.compartments.ltv.files import read_users

EXPORT = """Kundennr;Beitritt;Land;Umsatz_4T;Karte;Kanal;gekündigt;Besuche;Umsatz
1;03.12.2018 00:09;DE;1.234,50;standard;PPL;nein;3;2.000,75
2;03.12.2018 00:10;;0,40;;Other;ja;0;
"""


def test_a_german_export_becomes_a_file_that_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guide = (ROOT / "docs" / "files.md").read_text()
    found = re.search(r"```python\n(.*?)```", guide, re.DOTALL)
    assert found is not None
    monkeypatch.chdir(tmp_path)
    Path("kunden.csv").write_text(EXPORT, encoding="cp1252")
    exec(compile(found[1], "files.md", "exec"), {})
    users = read_users(tmp_path / "kunden.parquet")
    assert users["STV"].tolist() == [1234.5, 0.4]
    assert users["target"].tolist()[0] == 2000.75
    assert users["join_date"].tolist()[0] == pd.Timestamp("2018-12-03 00:09")
    assert users["is_cancelled"].tolist() == [0, 1]
    assert users[["hidden", "is_lp", "country_segment"]].isna().iloc[1].all()
