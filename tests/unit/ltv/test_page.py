import json
import re
import subprocess
import sys
import zipfile
from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import numpy as np
import pandas as pd
import pytest
from support.pages import Page

from valuebox.models.contributions import Contributions
from valuebox.pages.readable import escaped
from valuebox_cli.ltv.evaluate import EvaluationReport
from valuebox_cli.ltv.page import render
from valuebox_training.ltv import cohorts

ROOT = Path(__file__).parents[3]
HOSTILE = [
    "</script><img src=x onerror=alert(1)>",
    "\"><svg onload='alert(1)'>",
    "'; alert(1) //",
    "<!--<script>",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt;\u2028",
]
FIGURE = re.compile(r"-?[\d,]+\.\d{3}")


def contributions(value: str = "US") -> Contributions:
    values = [{"kind": "value", "value": value, "users": 1_234, "mean": -0.75}]
    features = [{"feature": "country_segment", "mean_absolute": 0.875, "values": values}]
    return Contributions.model_validate({"users": 1_234, "average": 6.5, "features": features})


def report_on(
    segments: list[str], interval: bool = True, size: int = 2_000, **changes: object
) -> EvaluationReport:
    """A report on made-up users of two months; the first segment has most of them."""
    rng = np.random.default_rng(3)
    shares = np.arange(len(segments), 0, -1.0)
    users = pd.DataFrame(
        {
            "country_segment": rng.choice(segments, size, p=shares / shares.sum()),
            "join_date": pd.Timestamp("2019-07-01")
            + pd.to_timedelta(rng.integers(0, 62, size), "D"),
            "target": rng.gamma(1.0, 6.0, size),
        }
    )
    users = users.assign(prediction=users["target"] * 0.5 + 3, baseline=6.0)
    found = cohorts.report(users, (lambda members: (1.25, 11.5)) if interval else None)
    report = EvaluationReport(
        evaluated_at=datetime(2026, 3, 1, 12, 30, tzinfo=UTC),
        file="users.csv",
        url="http://127.0.0.1:3000",
        run="tested",
        source="api",
        models=["ltv:one", "ltv:two"],
        request_ids=[uuid4()],
        users=2_500,
        cohorts=found,
        contributions=contributions(),
    )
    return report.model_copy(update=changes)


def tiles(page: Page) -> dict[str, str]:
    """The figures at the top of a page, by what they are called."""
    figures = [one.text for one in page.all("dd") if one.attributes.get("class") != "more"]
    return dict(zip(page.texts("dt"), figures, strict=True))


@pytest.fixture(scope="module")
def report() -> EvaluationReport:
    return report_on(["US", "AU", "RU"])


@pytest.fixture(scope="module")
def page(report: EvaluationReport) -> Page:
    return Page(render(report))


def test_the_page_holds_the_very_numbers_of_the_report(
    page: Page, report: EvaluationReport
) -> None:
    assert page.data() == json.loads(report.model_dump_json())


def test_the_head_says_what_was_judged(page: Page) -> None:
    assert page.texts("dd")[:5] == [
        "users.csv",
        "http://127.0.0.1:3000",
        "ltv:one, ltv:two",
        "2,500 predicted, 2,000 with a target",
        "2026-03-01 12:30 UTC",
    ]


def test_the_key_figures_are_those_of_the_report(page: Page, report: EvaluationReport) -> None:
    shown = tiles(page)
    judged = report.cohorts
    assert shown["Error of the mean by day"] == f"{judged.day.macro:.3f}"
    assert shown["Error of the mean by month"] == f"{judged.month.macro:.3f}"
    assert shown["Inside the interval by day"] == f"{100 * judged.day.inside:.0f}\xa0%"
    assert shown["Gini"] == f"{judged.scores.gini:.3f}"
    notes = [one.text for one in page.all("dd") if one.attributes.get("class") == "more"]
    assert FIGURE.findall(notes[0]) == [
        f"{judged.day.macro_baseline:.3f}",
        f"{judged.day.macro_floor:.3f}",
    ]
    assert notes[2] == "90\xa0% are meant"


def test_the_tables_show_every_segment_decile_and_value(
    page: Page, report: EvaluationReport
) -> None:
    shown = [text for text in page.texts("td") if FIGURE.fullmatch(text)]
    judged = report.cohorts
    deciles = [f"{v:.3f}" for one in judged.scores.deciles for v in (one.predicted, one.actual)]
    errors = [
        f"{value:.3f}"
        for period in (judged.day, judged.month)
        for values in (
            *((s.error, s.baseline_error, s.noise_floor, s.bias) for s in period.segments),
            (period.macro, period.macro_baseline, period.macro_floor),
            (period.weighted, period.weighted_baseline, period.weighted_floor),
        )
        for value in values
    ]
    assert shown == [*deciles, *errors, "0.875", "-0.750"]


def test_segments_can_be_picked_most_users_first(page: Page, report: EvaluationReport) -> None:
    picked = [option.attributes.get("value") for option in page.all("option")]
    in_order = [row.country_segment for row in report.cohorts.day.segments]
    assert picked[:3] == in_order == ["US", "AU", "RU"]
    assert page.texts("option")[3:] == ["day", "month", "country_segment"]


def test_without_an_interval_nothing_is_said_of_it() -> None:
    page = Page(render(report_on(["US"], interval=False)))
    assert not any("Inside" in text for text in page.texts("dt"))
    assert "—" in page.texts("td")
    assert {one["lower"] for one in page.data()["cohorts"]["day"]["cohorts"]} == {None}


def test_a_score_that_cannot_be_told_is_a_dash(report: EvaluationReport) -> None:
    scores = report.cohorts.scores.model_copy(update={"r2": None, "decile_mape": None})
    judged = report.cohorts.model_copy(update={"scores": scores})
    page = Page(render(report.model_copy(update={"cohorts": judged})))
    shown = tiles(page)
    assert (shown["R²"], shown["Decile MAPE"]) == ("—", "—")


def test_the_page_loads_nothing(page: Page) -> None:
    loading = {"src", "href", "srcset", "data", "poster", "action", "background", "xlink:href"}
    assert [
        one
        for one in page.elements
        if one.tag not in ("a", "link") and loading & set(one.attributes)
    ] == []
    assert all((one.attributes["href"] or "").startswith("#") for one in page.all("a"))
    (icon,) = page.all("link")
    assert (icon.attributes["href"] or "").startswith("data:image/svg+xml,")
    assert page.all("img", "iframe", "object", "embed", "base") == []
    (style,) = page.texts("style")
    assert not re.search(r"url\(|@import", style)
    (policy,) = (
        one.attributes["content"]
        for one in page.all("meta")
        if one.attributes.get("http-equiv") == "Content-Security-Policy"
    )
    rules = dict(rule.split(maxsplit=1) for rule in policy.split("; "))
    assert rules.pop("default-src") == "'none'"
    scripts = [one.text for one in page.all("script") if "type" not in one.attributes]
    (style,) = (one.text for one in page.all("style"))
    for kind, (text,) in (("script-src", scripts), ("style-src", [style])):
        digest = b64encode(sha256(text.encode()).digest()).decode()
        assert rules.pop(kind) == f"'sha256-{digest}'"
    assert rules == {"img-src": "data:"}


def test_the_page_of_two_months_and_fourteen_segments_is_small() -> None:
    names = [f"segment {number}" for number in range(14)]
    values = [
        {"kind": "range", "value": f"{10 * n} to {10 * n + 10}", "users": 999, "mean": (n - 4) / 7}
        for n in range(10)
    ]
    features = [
        {"feature": f"feature {n}", "mean_absolute": 1 / (n + 3), "values": values}
        for n in range(9)
    ]
    many = Contributions.model_validate({"users": 40_000, "average": 1 / 3, "features": features})
    report = report_on(names, size=20_000, contributions=many)
    assert report.cohorts is not None
    assert len(report.cohorts.day.cohorts) > 0.95 * 14 * 62
    assert len(render(report).encode()) < 300_000


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_text_wherever_they_stand(page: Page, name: str) -> None:
    hostile = report_on([name, "AU", "RU"], file=name, contributions=contributions(name))
    found = Page(render(hostile))
    # The same elements in the same order as on a page of innocent names.
    assert [one.tag for one in found.elements] == [one.tag for one in page.elements]
    assert found.data() == json.loads(hostile.model_dump_json())
    assert found.all("option")[0].attributes["value"] == name
    assert found.texts("title")[0] == f"{escaped(name)} · valuebox".strip()
    assert found.texts("th").count(escaped(name).strip()) == 2
    assert found.texts("bdi").count(escaped(name).strip()) == 1


def test_the_wheel_holds_what_the_page_is_made_of(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    subprocess.run([*build, "--directory", str(tmp_path)], cwd=ROOT, check=True, timeout=120)
    (wheel,) = tmp_path.glob("*.whl")
    inside = set(zipfile.ZipFile(wheel).namelist())
    templates = ROOT.glob("cli/valuebox_cli/ltv/page/templates/*")
    needed = {str(path.relative_to(ROOT / "cli")) for path in templates}
    assert len(needed) == 3
    assert needed <= inside
