"""The growth report beside plain SQL on the databases that it was imported from."""

import json
from pathlib import Path
from threading import Lock

import pytest
from sqlalchemy.exc import DBAPIError
from support.campaigns import WORKSHOP, Campaigns, Imported
from support.commands import only_line, valuebox
from support.databases import BACKENDS, open_store
from support.facts import customer, event, put_customers, put_events
from support.pages import Page
from support.real import BY_CAMPAIGN, BY_TYPE, SPENT, counts

from valuebox.compartments.growth import api  # noqa: F401 - declares the endpoint
from valuebox.compartments.growth.api import GrowthApi
from valuebox.compartments.growth.building import report
from valuebox.compartments.growth.loaded.facts import TooManyEvents
from valuebox.compartments.growth.report import GrowthReport
from valuebox.compartments.growth.schemas import Baseline, GrowthQuestion
from valuebox.facts.reading import SeveralCurrencies
from valuebox.serving.endpoint import ROUTES
from valuebox.store.deadline import within
from valuebox.store.engine import Store, TooLate
from valuebox.store.replica import Reads


@pytest.mark.parametrize("source", ["workshop-1", "workshop-2"])
def test_everything_that_is_counted_is_what_sql_counts(campaigns: Campaigns, source: str) -> None:
    found = campaigns.report(sources=[source])
    users = campaigns.plain(source, 'SELECT "Campaign_ID", count(*) FROM "Users" GROUP BY 1')
    assert {one.name: one.count for one in found.users} == users
    types = campaigns.plain(source, "SELECT type, count(*) FROM joined GROUP BY 1")
    assert {one.name: one.count for one in found.types} == types
    actions = campaigns.plain(
        source,
        "SELECT coalesce(campaign, '(nobody)'), coalesce(category, '(unknown)'), type, count(*) "
        "FROM joined GROUP BY 1, 2, 3",
    )
    assert {(one.group, one.category, one.type): one.events for one in found.actions} == actions
    hanging = campaigns.plain(source, "SELECT there, count(*) FROM joined GROUP BY 1")
    assert found.span.hanging == hanging[0] > 0
    per_user = campaigns.plain(
        source,
        'SELECT n, count(*) FROM (SELECT u.id, count(e.id) AS n FROM "Users" u '
        'LEFT JOIN "Event" e ON e."User_Id" = u.id GROUP BY 1) GROUP BY 1',
    )
    bars = found.events_per_customer.histogram
    assert {int(one.name): one.count for one in bars[:21] if one.count} == {
        n: count for n, count in per_user.items() if n <= 20
    }
    assert sum(one.count for one in bars) == found.span.customers == sum(users.values())


def test_profits_are_what_sql_adds_up(campaigns: Campaigns) -> None:
    found = campaigns.report(sources=["workshop-1"], top=5).profits
    plain = campaigns.plain
    by_campaign = plain(
        "workshop-1", "SELECT coalesce(campaign, '(nobody)'), sum(amount) FROM joined GROUP BY 1"
    )
    assert {one.name: one.profit for one in found.groups} == pytest.approx(by_campaign)
    by_category = plain(
        "workshop-1", "SELECT category, sum(amount) FROM joined WHERE type = 'bought' GROUP BY 1"
    )
    priced = {one.name: one.profit for one in found.categories if one.name != "(unknown)"}
    assert priced == pytest.approx({name: sum_ for name, sum_ in by_category.items() if name})
    best = plain(
        "workshop-1",
        "SELECT who, sum(amount) FROM joined WHERE there GROUP BY 1 ORDER BY 2 DESC LIMIT 5",
    )
    assert [one.profit for one in found.customers] == pytest.approx(list(best.values()))
    assert found.customers[0].customer == str(next(iter(best)))
    assert found.total == pytest.approx(sum(by_campaign.values()))
    (bought,) = plain("workshop-1", "SELECT 1, sum(type = 'bought') FROM joined").values()
    assert found.at_one_each == found.purchases == bought
    at_one = campaigns.report(sources=["workshop-1"], price=1).profits
    assert at_one.total == bought


def test_a_report_does_not_depend_on_the_database(imported_campaigns: Imported) -> None:
    asked = GrowthQuestion(
        sources=["workshop-2"],
        start="2024-02-01",
        baseline=Baseline(sources=["workshop-1"]),
        spend={"TW": 100.0},
    )
    found = []
    for kind in BACKENDS:
        store = open_store(imported_campaigns.url(kind))
        found.append(report(store, asked))
        store.close()
    assert found[0] == found[1]
    assert found[0].comparison is not None


@pytest.mark.sqlite_alone
def test_a_period_holds_the_events_in_it(campaigns: Campaigns) -> None:
    found = campaigns.report(sources=["workshop-1"], start="2024-05-01", end="2024-06-01")
    types = campaigns.plain(
        "workshop-1",
        "SELECT type, count(*) FROM joined WHERE date >= '2024-05-01' AND date < '2024-06-01' "
        "GROUP BY 1",
    )
    assert {one.name: one.count for one in found.types} == types
    (users,) = campaigns.plain(
        "workshop-1",
        'SELECT 1, count(*) FROM "Users" WHERE "Created_Date" IS NULL '
        "OR \"Created_Date\" < '2024-06-01'",
    ).values()
    assert found.span.customers == users


@pytest.mark.sqlite_alone
def test_months_are_what_sql_counts(campaigns: Campaigns) -> None:
    found = {one.unit: one for one in campaigns.report(sources=["workshop-1"]).series}
    active = campaigns.plain(
        "workshop-1",
        "SELECT substr(date, 1, 7), count(DISTINCT who) FROM joined WHERE there GROUP BY 1",
    )
    months = found["month"]
    assert {
        f"{start:%Y-%m}": n for start, n in zip(months.starts, months.everybody.active, strict=True)
    } == (active)
    revenue = campaigns.plain(
        "workshop-1",
        "SELECT campaign, substr(date, 1, 7), coalesce(sum(amount), 0) FROM joined WHERE there "
        "GROUP BY 1, 2",
    )
    for one in months.groups:
        for start, amount in zip(months.starts, one.revenue, strict=True):
            assert amount == pytest.approx(revenue.get((one.name, f"{start:%Y-%m}"), 0))
    for unit in found.values():
        assert sum(unit.everybody.purchases) == 411


@pytest.mark.sqlite_alone
def test_a_second_campaign_is_compared_with_the_first(campaigns: Campaigns) -> None:
    asked = {"sources": ["workshop-2"], "baseline": {"sources": ["workshop-1"]}}
    found = campaigns.report(**asked).comparison
    assert found is not None
    assert found.shared == 0
    rates = {}
    for source in ("workshop-1", "workshop-2"):
        rates[source] = campaigns.plain(
            source,
            'SELECT "Campaign_ID", avg(EXISTS (SELECT 1 FROM "Event" e WHERE e."User_Id" = u.id '
            'AND e."Type" = \'bought\')) FROM "Users" u GROUP BY 1',
        )
    bought = {one.segment: one for one in found.lifts if one.measure == "bought"}
    for name, before in rates["workshop-1"].items():
        now = rates["workshop-2"][name]
        one = bought[name]
        assert (one.baseline.each, one.current.each) == pytest.approx((before, now))
        assert one.lift == pytest.approx(now / before - 1)
        assert one.lower < one.lift < one.upper
    assert {curve.name for curve in found.curves} == {"bought", "like", "share"}
    for curve in found.curves:
        gains = [0.0, *(point.gain for point in curve.points), 1.0]
        assert gains == sorted(gains)


@pytest.mark.sqlite_alone
def test_two_periods_of_the_same_customers_are_compared(campaigns: Campaigns) -> None:
    asked = {"sources": ["workshop-1"], "start": "2024-07-01", "baseline": {"end": "2024-07-01"}}
    found = campaigns.report(**asked).comparison
    assert found is not None
    assert found.shared == found.baseline.customers < found.current.customers
    (bought,) = [one for one in found.lifts if (one.measure, one.segment) == ("bought", None)]
    # The baseline has hardly as many days, from the first event on: as many follow of the report.
    assert found.note is not None
    assert found.baseline.days < found.current.days
    for side, period in ((bought.baseline, found.baseline), (bought.current, found.current)):
        start, end = (f"{one:%Y-%m-%d %H:%M:%S.%f}" for one in (period.start, period.end))
        (responders,) = campaigns.plain(
            "workshop-1",
            "SELECT 1, count(DISTINCT who) FROM joined WHERE there AND type = 'bought' AND who IN "
            f'(SELECT id FROM "Users" WHERE "Created_Date" < \'{end}\' OR "Created_Date" IS NULL) '
            f"AND date >= '{start}' AND date < '{end}'",
        ).values()
        assert side.total == responders


@pytest.mark.sqlite_alone
def test_money_is_advised_on_by_spend_where_it_is_told(campaigns: Campaigns) -> None:
    spend = {"TW": 100.0, "RE": 400.0, "FB": 50.0, "PI": 80.0}
    found = campaigns.report(sources=["workshop-2"], spend=spend).advertising
    assert found is not None
    assert found.by == "spend"
    for one in found.campaigns:
        assert one.net == pytest.approx(one.profit - spend[one.name])
        assert one.worth == pytest.approx(one.profit / spend[one.name])
    assert sum(one.best for one in found.campaigns) == pytest.approx(1)
    assert found.campaigns[-1].name == "RE"


@pytest.mark.sqlite_alone
def test_without_anything_every_part_says_why_it_is_not_there(campaigns: Campaigns) -> None:
    found = campaigns.report(sources=["nobody"])
    assert (found.span.customers, found.span.events, found.users) == (0, 0, [])
    parts = {name for name, value in found if value is None}
    assert parts | {"demographics", "series"} == set(found.left_out)
    assert all(found.left_out.values())


@pytest.mark.sqlite_alone
def test_names_that_nothing_is_called_by_are_told(campaigns: Campaigns) -> None:
    found = campaigns.report(
        sources=["workshop-1", "workshop-7"],
        baseline=Baseline(sources=["workshop-2", "workshop-8"]),
        purchase="bougth",
        spend={"TW": 10, "TV": 20},
    )
    assert found.unmatched == {
        "sources": ["workshop-7"],
        "baseline.sources": ["workshop-8"],
        "purchase": ["bougth"],
        "spend": ["TV"],
    }
    assert campaigns.report(sources=["workshop-1"]).unmatched == {}
    cancelled = campaigns.unmatched(cancellation="canceled", subscription="bought")
    assert cancelled == {"cancellation": ["canceled"]}
    strange = campaigns.unmatched(
        attribute="colour", category="flavour", responses=["bought", "wink"]
    )
    assert strange == {
        "attribute": ["colour"], "category": ["flavour"], "responses": ["wink"],
    }  # fmt: skip
    priced = campaigns.unmatched(currency="EUR", cost_property="costs", refunds=["retour"])
    assert priced == {
        "refunds": ["retour"], "currency": ["EUR"], "cost_property": ["costs"],
    }  # fmt: skip


def test_more_events_than_may_be_read_are_refused(campaigns: Campaigns) -> None:
    asked = GrowthQuestion(sources=["workshop-1"])
    assert report(campaigns.store, asked, most=1609).span.events == 1609
    with pytest.raises(TooManyEvents, match="shorter period"):
        report(campaigns.store, asked, most=1608)
    beside = asked.model_copy(update={"baseline": Baseline(sources=["workshop-2"])})
    assert report(campaigns.store, beside, most=1609 + 1548).comparison is not None
    with pytest.raises(TooManyEvents):
        report(campaigns.store, beside, most=1609 + 1547)


def test_a_report_ends_when_nobody_waits_for_it(campaigns: Campaigns) -> None:
    # PostgreSQL ends a statement by itself, within a millisecond at least.
    with within(0.0), pytest.raises((TooLate, DBAPIError)):
        campaigns.report()


@pytest.mark.sqlite_alone
def test_a_worker_makes_one_report_at_a_time(campaigns: Campaigns) -> None:
    service = GrowthApi()
    service.reads, service.reporting = Reads(campaigns.store), Lock()
    answer = ROUTES["/v1/growth/report"].method
    asked = GrowthQuestion(sources=["workshop-1"])
    with service.reporting:
        assert answer(service, asked).status_code == 503
    for _ in range(2):
        assert answer(service, asked).status_code == 200


def test_amounts_in_two_currencies_are_not_added(store: Store) -> None:
    put_customers(store, customer("c1"))
    put_events(store, event(1, currency="USD"), event(2, currency="EUR"))
    with pytest.raises(SeveralCurrencies, match="EUR, USD"):
        report(store, GrowthQuestion())
    assert report(store, GrowthQuestion(currency="EUR")).profits.total == 9.5


@pytest.mark.sqlite_alone
def test_the_command_prints_json_and_writes_a_page(campaigns: Campaigns, tmp_path: Path) -> None:
    html = tmp_path / "growth.html"
    asked = ["--source", "workshop-2", "--baseline", "workshop-1", "--spend", "TW=100"]
    options = ["--database-url", campaigns.url, "--html", html]
    told, _ = valuebox("growth", "report", *asked, *options, "--json")
    found = GrowthReport.model_validate_json(told)
    question = {"sources": ["workshop-2"], "baseline": {"sources": ["workshop-1"]}}
    assert found == campaigns.report(**question, spend={"TW": 100.0})
    page = Page(html.read_text(encoding="utf-8"))
    assert page.data() == json.loads(told)
    assert f"{found.profits.total:,.2f}" in page.texts("dd")
    assert all("src" not in one.attributes for one in page.elements)
    said, _ = valuebox("growth", "report", *asked, *options)
    assert f"{found.profits.total:,.2f}" in said
    assert found.advertising.advice in said


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["--spend", "much"], "--spend takes a name and an amount, such as TW=120"),
        (["--from", "yesterday"], "start: Input should be a date or moment in ISO 8601"),
        (["--from", "2024-02-01", "--to", "2024-01-01"], "A period should end after it starts"),
        (["--price", "-1"], "price: Input should be greater than or equal to 0"),
        (["--html", "no such folder/a.html"], "cannot be written"),
    ],
)
def test_what_cannot_be_asked_is_refused(asked: list[str], said: str) -> None:
    _, error = valuebox("growth", "report", *asked, exit_code=2)
    assert said in only_line(error)


def test_a_campaign_is_reported_on_as_its_database_says(store: Store, campaign: Path) -> None:
    url = store.engine.url.render_as_string(hide_password=False)
    valuebox("import", campaign, "--mapping", WORKSHOP, "--database-url", url)
    found = report(store, GrowthQuestion(sources=[campaign.stem]))
    assert {one.name: one.count for one in found.users} == counts(campaign, BY_CAMPAIGN)
    types = counts(campaign, BY_TYPE)
    assert {one.name: one.count for one in found.types} == types
    spent = counts(campaign, SPENT)["bought"]
    assert (found.profits.total, found.profits.at_one_each) == (spent, types["bought"])
    assert report(store, GrowthQuestion(price=1.0)).profits.total == types["bought"]


@pytest.mark.sqlite_alone
def test_figures_are_whole_in_a_narrow_terminal(
    campaigns: Campaigns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    asked = ("--source", "workshop-2", "--baseline", "workshop-1", "--database-url", campaigns.url)
    output, _ = valuebox("growth", "report", *asked)
    assert "…" not in output
    assert f"{campaigns.report(sources=['workshop-2']).profits.groups[0].profit:,.2f}" in output
