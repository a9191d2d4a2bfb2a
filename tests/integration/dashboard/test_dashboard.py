"""What the dashboard shows of what is stored, to a browser and as CSV."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pandas as pd
import pytest
from sqlalchemy import event, text
from support.dashboards import HTML, Site, leads_to, show, site_on
from support.pages import Page
from support.sums import fold, send
from support.users import user, users

from valuebox.compartments.ltv.files import columns_of, read_users
from valuebox.compartments.ltv.ledger import LEDGER
from valuebox.compartments.ltv.model import LtvModel
from valuebox.dashboard import site as dashboard
from valuebox.dashboard.panels import shown
from valuebox.serving.errors import ErrorAnswer
from valuebox.settings import LEAST_USERS
from valuebox.store.engine import Store
from valuebox_training.ltv.simulate import simulate

HOSTILE = [
    "</script><img src=x onerror=alert(1)>",
    "\"><svg onload='alert(1)'>",
    "</title></option></select><script>alert(1)</script>",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt;",
]
LINKS = re.compile(r'href="dashboard/([a-z-]+)\.csv')


@pytest.fixture
def site(store: Store, model: LtvModel) -> Iterator[Site]:
    with site_on(store, model) as found:
        yield found


@pytest.fixture
def of_any_size(store: Store, model: LtvModel) -> Iterator[Site]:
    """One that withholds nothing, however few users it would tell of."""
    with site_on(store, model, least_users=1) as found:
        yield found


@pytest.fixture
def postgres_site(postgres_store: Store, model: LtvModel) -> Iterator[Site]:
    with site_on(postgres_store, model) as found:
        yield found


@pytest.fixture(scope="module")
def july(data_dir: Path) -> pd.DataFrame:
    return read_users(data_dir / "valid.csv")


def tiles(page: Page) -> dict[str, str]:
    """The figures at the top, by what they are called."""
    return dict(zip(page.texts("dt"), page.texts("dd")[::2], strict=True))


def said(page: Page) -> str:
    return " ".join(" ".join(one.text.split()) for one in page.elements)


@pytest.mark.sqlite_alone
def test_means_say_whose_they_are(site: Site, model: LtvModel, july: pd.DataFrame) -> None:
    # Those of the first half of the month have an outcome: twice what was predicted.
    predicted = pd.Series(model.predict(columns_of(july)), july.index)
    is_known = july["join_date"] < "2019-07-16"
    show(site.store, model, july.assign(target=2 * predicted)[is_known])
    show(site.store, model, july.drop(columns="target")[~is_known])
    page = site.page()
    shown = tiles(page)
    assert shown["Predicted mean"] == f"{predicted.mean():.2f}"
    assert shown["Actual mean"] == f"{2 * predicted[is_known].mean():.2f}"
    assert (
        f"of {is_known.sum():,} with an outcome; {predicted[is_known].mean():.2f} was predicted of "
        "these, -50% off"
    ) in said(page)


@pytest.mark.sqlite_alone
def test_no_cohort_inside_its_interval_is_called_worst(
    of_any_size: Site, model: LtvModel, july: pd.DataFrame
) -> None:
    site = of_any_size
    largest = july[july["country_segment"].isin(july["country_segment"].value_counts().index[:6])]
    show(site.store, model, largest)
    head, *rows = site.csv("worst")
    found = [dict(zip(head, row, strict=True)) for row in rows]
    outside = []
    for segment in largest["country_segment"].unique():
        head, *cohorts = site.csv("cohorts", f"segment={segment}")
        for row in cohorts:
            one = dict(zip(head, row, strict=True))
            if one["actual"] and not (
                float(one["lower"]) <= float(one["actual"]) <= float(one["upper"])
            ):
                outside.append((one["segment"], one["period"]))
    assert 0 < len(found) == len(outside)
    assert {(one["segment"], one["period"]) for one in found} == set(outside)
    assert all(float(one["beyond"]) > 0 for one in found)
    page = site.page()
    told = re.search(
        r"([0-9]+) of ([0-9]+) cohorts, by day, lie outside their 90.% interval; chance alone "
        r"leaves about ([0-9]+)\.",
        said(page),
    )
    assert told is not None
    outside_told, judged, expected = map(int, told.groups())
    assert outside_told == len(outside)
    assert expected == round(0.1 * judged)


def test_the_page_shows_what_is_stored(site: Site, model: LtvModel, july: pd.DataFrame) -> None:
    show(site.store, model, july)
    page = site.page()
    shown = tiles(page)
    assert shown["Users"] == f"{len(july):,}"
    assert shown["Outcome known"] == "100\N{NO-BREAK SPACE}%"
    largest = july["country_segment"].value_counts()
    assert f"Predicted and actual: {largest.index[0]} by day" in page.texts("h2")
    options = [one.attributes["value"] for one in page.all("option")]
    assert options[:2] == ["", largest.index[0]]
    named = largest[largest >= LEAST_USERS]
    assert set(options[1 : len(named) + 1]) == set(named.index)
    assert model.tag in said(page)


@pytest.mark.sqlite_alone
def test_every_chart_has_its_table_and_every_table_its_csv(
    site: Site, model: LtvModel, july: pd.DataFrame
) -> None:
    show(site.store, model, july)
    answer = site.get()
    assert set(LINKS.findall(answer.text)) == set(shown(LEDGER))
    charts = [one for one in Page(answer.text).all("svg") if one.attributes.get("class") == "chart"]
    assert len(charts) == 3
    assert answer.text.count("<summary>Table</summary>") == 3
    for name, panel in shown(LEDGER).items():
        csv = site.http.get(f"/dashboard/{name}.csv")
        assert csv.headers["content-type"] == "text/csv; charset=utf-8"
        assert f'filename="valuebox-{name}.csv"' in csv.headers["content-disposition"]
        head, *rows = csv.text.splitlines()
        assert head == ",".join(column.name for column in panel.columns(LEDGER))
        assert rows


@pytest.mark.sqlite_alone
def test_what_is_picked_is_what_is_shown(
    of_any_size: Site, model: LtvModel, july: pd.DataFrame
) -> None:
    site = of_any_size
    show(site.store, model, july)
    query = "segment=GB&from=2019-07-08&to=2019-07-21&by=day"
    picked = july[july["join_date"].between("2019-07-08", "2019-07-21 23:59:59")]
    picked = picked[picked["country_segment"] == "GB"]
    page = site.page(query)
    assert tiles(page)["Users of GB"] == str(len(picked))
    head, *days = site.csv("cohorts", query)
    assert {day[0] for day in days} == {"GB"}
    by_day = picked.groupby(picked["join_date"].dt.strftime("%Y-%m-%d"))["target"].mean()
    actual = {day[1]: float(day[head.index("actual")]) for day in days}
    assert actual == pytest.approx(by_day.to_dict())
    (month,) = site.csv("cohorts", query.replace("by=day", "by=month"))[1:]
    assert month[1] == "2019-07"
    (compared,) = site.csv("segments", query)[1:]
    assert compared[:3] == ["GB", "2019-07", str(len(picked))]
    # Of one segment nothing is known of the training users.
    assert site.csv("drift", query) == site.csv("drift", query.replace("segment=GB&", ""))
    assert {row[-1] for row in site.csv("predictions", query)} == {"expected", ""}
    chosen = [one.attributes["value"] for one in page.all("option") if "selected" in one.attributes]
    assert chosen == ["GB", "day", model.tag]


@pytest.mark.parametrize("name", HOSTILE)
def test_segments_and_models_are_text_wherever_they_stand(
    postgres_site: Site, model: LtvModel, name: str
) -> None:
    site = postgres_site
    sent = [{**one, "country_segment": name, "aff_type": name} for one in users(200)]
    send(site.store, sent, model, f"ltv:{name}")
    fold(site.store)
    for query in ("", f"segment={quote(name)}", f"model={quote('ltv:' + name)}"):
        page = site.page(query)
        assert page.all("img", "script", "b") == []
        assert not any("onload" in one.attributes for one in page.elements)
        options = [one.attributes["value"] for one in page.all("option")]
        assert {name, f"ltv:{name}"} <= set(options)


@pytest.mark.sqlite_alone
def test_a_spreadsheet_takes_no_segment_for_a_formula(site: Site, model: LtvModel) -> None:
    sent = [user(number, country_segment='=HYPERLINK("x")') for number in range(LEAST_USERS)]
    send(site.store, sent, model)
    fold(site.store)
    answer = site.http.get("/dashboard/cohorts.csv")
    assert answer.text.splitlines()[1].startswith('"\'=HYPERLINK(""x"")",2019-08-01,5,0')


def test_the_page_needs_nothing_and_nothing_may_run(
    postgres_site: Site, model: LtvModel, july: pd.DataFrame
) -> None:
    show(postgres_site.store, model, july)
    answer = postgres_site.get()
    page = Page(answer.text)
    assert page.all("script", "img", "iframe", "object", "embed", "base") == []
    assert [one for one in page.elements if {"src", "style", "onclick"} & set(one.attributes)] == []
    (link,) = page.all("link")
    assert (link.attributes["href"] or "").startswith("data:")
    rules = dict(one.split(" ", 1) for one in answer.headers["content-security-policy"].split("; "))
    assert rules["default-src"] == rules["frame-ancestors"] == "'none'"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.sqlite_alone
def test_empty_places_say_what_to_do(site: Site, model: LtvModel) -> None:
    assert "Nothing is stored yet" in site.page().texts("h2")
    assert "valuebox evaluate data/valid.csv" in site.page().texts("code")
    send(site.store, users(40), model)
    assert "The first rows have arrived" in site.page().texts("h2")
    fold(site.store)
    page = site.page()
    assert "No outcome is known of users who joined in these days." in said(page)
    assert "POST /v1/ltv/outcomes" in page.texts("code")
    elsewhere = site.page("from=2018-01-01&to=2018-01-31")
    nobody = "Of this model there are no users who joined in these days."
    assert nobody in said(elsewhere)
    for name in shown(LEDGER):
        assert site.csv(name, "from=2018-01-01&to=2018-01-31")


@pytest.mark.parametrize(
    ("world", "state", "moved"),
    [("calm", "calm", "all 8 are as in training"), ("price", "shifted", "STV, prediction")],
)
def test_a_drifted_month_shows_and_a_calm_one_does_not(
    postgres_store: Store, model: LtvModel, world: str, state: str, moved: str
) -> None:
    show(postgres_store, model, simulate(users_per_day=60, seed=11, world=world).test.users)
    with site_on(postgres_store, model) as site:
        page = site.page()
        bars = [one.attributes.get("class") for one in page.all("rect")]
        assert (tiles(page)["Drift"], page.texts("dd")[-1]) == (state, moved)
        assert ("psi shift" in bars) == (state == "shifted")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=yesterday", "from"),
        ("from=1564617600", "from"),
        ("to=2019-02-30", "to"),
        ("to=9999-01-01", "to"),
        ("by=week", "by"),
        ("next=//example.com", "next"),
        ("segment=%00", "segment"),
        ("segment=" + "x" * 101, "segment"),
        ("from=2019-08-01&to=2019-07-01", None),
        ("segment=US&segment=GB", None),
        ("&".join(f"x{number}=1" for number in range(30)), None),
    ],
)
def test_a_query_that_cannot_be_is_refused(
    postgres_site: Site, query: str, field: str | None
) -> None:
    site = postgres_site
    for path in ("/dashboard", "/dashboard/cohorts.csv", "/dashboard/sign-in"):
        answer = site.http.get(f"{path}?{query}")
        error = ErrorAnswer.model_validate_json(answer.content).error
        assert (answer.status_code, error.code) == (400, "invalid_input")
        assert error.problems[0].field == field
    page = site.get(query)
    assert (page.status_code, page.headers["content-type"]) == (400, "text/html; charset=utf-8")
    assert error.problems[0].message in said(Page(page.text))
    assert page.headers["x-request-id"] in page.text


def test_only_what_reads_is_answered(postgres_site: Site) -> None:
    site = postgres_site
    for path in ("/dashboard", "/dashboard/cohorts.csv"):
        answer = site.http.post(path)
        assert answer.status_code == 405
        assert answer.headers["allow"] == "GET, HEAD"
        assert site.http.request("HEAD", path).status_code == 200
    assert site.http.get("/dashboard/nothing.csv").status_code == 404


def test_a_database_that_is_blocked_is_said_so_in_time(
    postgres_store: Store, model: LtvModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dashboard, "VIEW_SECONDS", 0.5)
    with site_on(postgres_store, model) as site, postgres_store.engine.connect() as blocking:
        blocking.execute(text("LOCK TABLE ltv_cohorts IN ACCESS EXCLUSIVE MODE"))
        answer = site.get()
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert "The database does not answer; try again." in Page(answer.text).texts("p")
        csv = site.http.get("/dashboard/cohorts.csv")
        assert csv.json()["error"]["code"] == "database_unavailable"
        assert csv.headers["content-type"] == "application/json"
        blocking.rollback()
        assert site.get().status_code == 200


def test_whoever_looks_keeps_nobody_waiting(
    postgres_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dashboard, "VIEW_SECONDS", 0.3)
    with postgres_site.store.engine.connect() as blocking:
        blocking.execute(text("LOCK TABLE ltv_cohorts IN ACCESS EXCLUSIVE MODE"))
        views = ["/dashboard?compartment=ltv"] * 11 + ["/dashboard/cohorts.csv"] * 2
        answers = postgres_site.http.together(*views, "/dashboard/sign-in")
        in_use = postgres_site.store.engine.pool.checkedout()  # type: ignore[attr-defined]
    first = [answer.status_code for answer in answers[:4]]
    codes = [one.json()["error"]["code"] for one in answers if one.status_code == 503]
    # Two are answered by threads, eight wait for these; whoever needs none is not held up.
    assert sorted(first) == [303, 503, 503, 503]
    assert codes == ["overloaded"] * 3 + ["database_unavailable"] * 10
    assert in_use == 1


def test_what_was_read_is_known_until_the_sums_change(postgres_site: Site, model: LtvModel) -> None:
    asked: list[str] = []
    engine = postgres_site.store.engine
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    send(postgres_site.store, users(60), model)
    fold(postgres_site.store)
    asked.clear()
    first = tiles(postgres_site.page())
    needed = len(asked)
    send(postgres_site.store, users(40, first_id=100), model)
    asked.clear()
    again = postgres_site.page()
    assert (tiles(again), first["Users"]) == (first, "60")
    assert sum("FROM ltv_cohorts" in one for one in asked) == 1
    assert len(asked) < needed / 2
    # The last requests are not sums.
    assert "40" in again.texts("td")
    fold(postgres_site.store)
    assert tiles(postgres_site.page())["Users"] == "100"


def test_this_machine_alone_is_let_in(postgres_store: Store, model: LtvModel) -> None:
    with site_on(postgres_store, model, mode="local") as site:
        assert site.get().status_code == 200
        stranger = site.http.get("/dashboard", headers={**HTML, "Host": "rebound.example.com"})
        assert stranger.status_code == 403
        assert leads_to(site.http.get("/dashboard/sign-in")) == "/dashboard"
