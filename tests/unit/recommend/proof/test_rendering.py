"""The report as a page, as cards of another page, and in the terminal."""

import json
import re

import numpy as np
import pytest
from benchmarks.recommend.shop_sessions import ARMS, Effect, as_watched, sessions
from benchmarks.recommend.verdicts import experiment

from valuebox.compartments.recommend.proof.rendering import page, section
from valuebox.compartments.recommend.proof.report import report
from valuebox.compartments.recommend.proof.schemas import ProofReport
from valuebox.compartments.recommend.proof.tables import ARMS as ARM_TABLE
from valuebox.compartments.recommend.proof.tables import MONTHS, VERDICTS, rows_of
from valuebox_cli.recommend.telling import tell


@pytest.fixture(scope="module")
def found() -> ProofReport:
    drawn = sessions(np.random.default_rng(1), 90, 1_000, Effect(views=1.2))
    return report(as_watched(drawn), experiment())


def test_the_page_says_the_verdict_and_holds_the_report(found: ProofReport) -> None:
    html = page(found)
    assert len(html.encode()) < 300_000
    assert found.verdicts[0].headline in html
    for detail in found.verdicts[0].details[:2]:
        assert detail.split(";")[0] in html
    data = re.search(r'<script type="application/json" id="report">(.*?)</script>', html, re.DOTALL)
    assert data is not None
    assert ProofReport.model_validate(json.loads(data[1])) == found
    assert "http://" not in html.replace("http://www.w3.org/2000/svg", "")
    # No value is written as Python has it.
    assert not re.search(r">(None|nan|inf|-inf)<", html)


def test_cards_are_the_same_without_a_page_around_them(found: ProofReport) -> None:
    cards = section(found)
    assert "<html" not in cards
    assert cards.strip() in page(found)
    assert cards.count('class="card"') == 3


def test_names_cannot_break_out_of_the_page() -> None:
    drawn = sessions(np.random.default_rng(1), 2, 500, Effect())
    evil = "<script>alert(1)</script>"
    asked = experiment().model_copy(update={"shares": {ARMS[0]: 0.5, evil: 0.5}, "name": evil})
    watched = as_watched(drawn)
    html = page(report(type(watched)(**{**vars(watched), "arms": (ARMS[0], evil)}), asked))
    assert evil not in html


def test_nothing_yet_is_a_page_too() -> None:
    drawn = sessions(np.random.default_rng(1), 1, 50, Effect()).where(slice(0, 0))
    html = page(report(as_watched(drawn), experiment()))
    assert "No verdict yet" in html
    assert "No session was shown a list yet" in html


def test_tables_are_fetched_as_csv(found: ProofReport) -> None:
    rows = rows_of(found)
    assert set(rows) == {"arms", "verdicts", "months"}
    arms = ARM_TABLE.csv(rows["arms"]).splitlines()
    assert [line.split(",")[0] for line in arms] == ["arm", *ARMS]
    assert len(VERDICTS.csv(rows["verdicts"]).splitlines()) == 7
    assert MONTHS.csv(rows["months"]).startswith("month,arm,sessions,clicks,views")


def test_the_terminal_is_told_the_same(
    found: ProofReport, capsys: pytest.CaptureFixture[str]
) -> None:
    tell(found)
    said = capsys.readouterr().out
    assert found.verdicts[0].headline in said
    assert "views a session" in said
    assert "By month" in said
