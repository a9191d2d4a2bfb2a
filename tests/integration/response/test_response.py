"""The response model on two generated campaigns, and what is stored of its predictions."""

import csv
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from support.campaigns import MODEL, Campaigns, Imported, learn
from support.commands import valuebox
from support.facts import customer, event, put_customers, put_events
from support.pruning import pruning

from valuebox.compartments.growth.change.samples import moment
from valuebox.compartments.response import repository
from valuebox.compartments.response.judging import Judged, ResponseReport
from valuebox.compartments.response.model import ResponseModel
from valuebox.facts.reading import Choice, read_facts
from valuebox.serving.replays import AnswerGone
from valuebox.store.engine import Store
from valuebox.store.ids import new_id
from valuebox.store.writing import write

# Two models of 24 cells each are learned, which takes longer than all tests of them.
pytestmark = pytest.mark.slow(
    "training/valuebox_training/response", "cli/valuebox_cli/response", "cli/valuebox_cli/admin"
)


@pytest.fixture(scope="session")
def versions(imported_campaigns: Imported, campaign_model: str) -> tuple[str, str]:
    """Tags of an older version, which has seen half a year, and of one that has seen a year.

    Each has learned from another kind of database, and both are asked on either.
    """
    until = ("--until", "2024-07-01")
    older = learn(imported_campaigns.url("sqlite"), *until, name=f"{MODEL}-by-july")
    return older, campaign_model


def test_a_later_campaign_is_predicted(
    campaigns: Campaigns, versions: tuple[str, str], tmp_path: Path
) -> None:
    older, newer = versions
    file = tmp_path / "report.json"
    output, _ = valuebox(
        *("growth", "evaluate", newer, "--against", older, "--source", "workshop-2"),
        *("--from", "2025-10-01", "--report", file, "--database-url", campaigns.url),
    )
    assert f"older: {older}" in output
    found = ResponseReport.model_validate_json(file.read_text())
    assert (found.model, found.older, found.sources) == (newer, older, ["workshop-2"])
    query = """SELECT type, count(DISTINCT who) FROM joined WHERE there
        AND date >= '2025-10-01' AND date < '2025-10-31' AND who IN (
        SELECT id FROM "Users" WHERE "Created_Date" < '2025-10-01') GROUP BY 1"""
    responders = campaigns.plain("workshop-2", query)
    for one in found.responses:
        if one.category is None:
            assert one.responders == responders[one.response]
            assert one.expected == pytest.approx(one.responders, rel=0.35)
            assert one.model.auc > one.baseline.curve.auc
            assert one.model.points[0].lift > 2.5
            assert one.older.curve.customers == found.customers
            assert one.expected_lower <= one.responders <= one.expected_upper
    every = [one for one in found.responses if one.category is None]
    assert {one.way for one in found.responses} <= {"baseline", "logistic", "trees", "both"}
    assert all(expected_words(one) in output for one in every)
    # Months of another source are all unseen: expected and came are said of three of them.
    starts = [f"{month.start:%Y-%m-%d}" for month in found.months]
    assert starts == ["2025-10-01", "2025-09-01", "2025-08-02"]
    assert "Expected and came, by month" in output
    september = query.replace("2025-10-01", "2025-09-01").replace("2025-10-31", "2025-10-01")
    came = campaigns.plain("workshop-2", september)
    for one in found.months[1].responses:
        assert one.responders == came[one.response]
    assert sum(one.brier for one in every) < sum(one.baseline.brier for one in every)


def expected_words(one: Judged) -> str:
    return f"{one.expected_lower:,.0f}-{one.expected_upper:,.0f}"


@pytest.mark.sqlite_alone
def test_those_who_are_likeliest_to_respond_come_first_in_a_csv(
    campaigns: Campaigns, versions: tuple[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "whom.csv"
    whose = ("--source", "workshop-2", "--database-url", campaigns.url)
    put_customers(campaigns.store, customer("=1+1", source="workshop-2"))
    put_events(
        campaigns.store,
        event("formula", source="workshop-2", customer="=1+1", time="2025-09-30T00:00:00Z"),
    )
    try:
        asked = ("growth", "predict", versions[1], "--out", file, "--at", "2025-10-01", *whose)
        output, _ = valuebox(*asked, "--response", "like", "--most", "2000")
    finally:
        valuebox("users", "forget", "=1+1", "--yes", *whose)
    rows = list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
    chances = [float(row["probability"]) for row in rows]
    assert chances == sorted(chances, reverse=True)
    assert [row["rank"] for row in rows[:2]] == ["1", "2"]
    assert sum(row["customer"] == "'=1+1" for row in rows) == 1
    assert {row["response"] for row in rows} == {"like"}
    assert all(float(row["its_probability"]) <= float(row["probability"]) for row in rows)
    assert f"{len(rows):,} of {len(rows):,} customers, by {versions[1]}" in output
    _, refusal = valuebox(*asked, "--response", "sneezed", exit_code=2)
    assert "knows no response 'sneezed', but bought, like, share" in refusal
    _, refusal = valuebox(*asked, "--category", "lunar", exit_code=2)
    assert "knows no category 'lunar', but" in refusal


@pytest.mark.sqlite_alone
def test_a_month_that_was_learned_from_is_refused(
    campaigns: Campaigns, versions: tuple[str, str]
) -> None:
    asked = ("--database-url", campaigns.url, "--from", "2024-08-01")
    _, refusal = valuebox("growth", "evaluate", MODEL, *asked, exit_code=2)
    assert "has learned from what these customers did until 2024-12" in refusal
    output, _ = valuebox("growth", "evaluate", versions[0], *asked, "--source", "workshop-1")
    assert "2024-08-01 to 2024-08-31" in output


def test_a_model_is_shown_with_how_it_was_judged(versions: tuple[str, str]) -> None:
    output, _ = valuebox("models", "show", versions[1])
    shown, model = " ".join(output.split()), ResponseModel.load(versions[1])
    assert shown.startswith(f"model {versions[1]} made ")
    judged = model.metadata["validation"]
    first = judged["responses"][0]
    assert f"bought {first['responders']} did, " in shown
    assert f"AUC {judged['auc']['bought']:.3f} ({first['auc_baseline']:.3f} by recency" in shown
    assert f"lift of the best tenth {first['lift']:.2f} (" in shown
    assert f"bought, like, share within {model.days} days" in shown
    assert model.reference is not None
    customers = sum(model.reference.numbers["days known"].users)
    assert f"{customers} customers as they were then" in shown
    listed, _ = valuebox("models", "list")
    (line,) = (line for line in listed.splitlines() if line.startswith(versions[1]))
    assert f"{model.metadata['learned']['customers']:,}" in line
    assert model.metadata["learned"]["until"][:10] in line


@pytest.mark.sqlite_alone
def test_two_models_are_compared_by_the_last_month(
    campaigns: Campaigns, versions: tuple[str, str]
) -> None:
    whose = ("--database-url", campaigns.url)
    output, _ = valuebox("models", "compare", versions[1], versions[0], *whose)
    alike, _ = valuebox("growth", "evaluate", versions[1], "--against", versions[0], *whose)
    assert output == alike
    assert f"model: {versions[1]}, older: {versions[0]}" in output
    refused = ("--joined-from", "2024-01-01", *whose)
    _, said = valuebox("models", "compare", *versions, *refused, exit_code=2)
    assert "judged on the customers of a month" in said


@pytest.mark.sqlite_alone
def test_models_that_answer_different_questions_are_not_compared(
    versions: tuple[str, str], model_tag: str
) -> None:
    _, said = valuebox("models", "compare", versions[0], model_tag, exit_code=2)
    assert "answer different questions: response and ltv" in said


@pytest.mark.sqlite_alone
def test_an_event_of_a_year_to_come_is_not_waited_for(
    campaigns: Campaigns, versions: tuple[str, str]
) -> None:
    whose = ("--source", "workshop-2", "--database-url", campaigns.url)
    put_customers(campaigns.store, customer("late", source="workshop-2"))
    put_events(
        campaigns.store,
        event("late", source="workshop-2", customer="late", time="2099-01-01T00:00:00Z"),
    )
    try:
        output, _ = valuebox("growth", "evaluate", versions[1], *whose)
        assert re.search(r"customers, 2025-1\d-\d\d to 2025-1\d", output)
    finally:
        valuebox("users", "forget", "late", "--yes", *whose)


@pytest.mark.sqlite_alone
def test_asking_for_some_customers_says_the_same(
    campaigns: Campaigns, versions: tuple[str, str]
) -> None:
    model = ResponseModel.load(versions[1])
    at = datetime(2025, 10, 1, tzinfo=UTC)
    everybody = read_facts(campaigns.store, Choice(before=at, amounts=False))
    some = [("workshop-2", str(n)) for n in range(100, 160)]
    alone = read_facts(campaigns.store, Choice(before=at, customers=some, amounts=False))
    code = everybody.customers.source.names.index("workshop-2")
    of_source = everybody.customers.source.codes == code
    places = [
        int(np.flatnonzero(of_source & (everybody.customers.id == one))[0])
        for one in alone.customers.id
    ]
    assert model.predict(alone, moment(at), np.arange(60)) == pytest.approx(
        model.predict(everybody, moment(at), np.array(places)), abs=1e-7
    )


def remember(store: Store, model: ResponseModel, keys: list[tuple[str, str]]) -> None:
    at = datetime(2025, 10, 1, tzinfo=UTC)
    chances = np.random.default_rng(1).random((len(keys), len(model.cells)))
    said = repository.answer(keys, model.cells, chances, model.tag, at, model.days)
    request = new_id()
    with store.writing() as session:
        known = [{"days known": 3.0, "campaign": "TW"}] * len(keys)
        write(
            session, repository.new_rows(request, said, model.cells, chances, known, model.category)
        )
    with store.reading() as session:
        assert repository.answer_of_request(session, request, keys) == said
        with pytest.raises(AnswerGone):
            repository.answer_of_request(session, request, keys[:-1])


def test_predictions_are_handed_out_deleted_and_pruned(
    campaigns: Campaigns, versions: tuple[str, str]
) -> None:
    store, model = campaigns.store, ResponseModel.load(versions[1])
    put_customers(store, customer("a", source="gone"), customer("b", source="gone"))
    remember(store, model, [("gone", "a"), ("gone", "b")])
    asked = ("--source", "gone", "--database-url", campaigns.url)
    output, _ = valuebox("users", "export", "a", *asked)
    rows = [json.loads(line) for line in output.splitlines()]
    said = [one for one in rows if one["table"] == "response_predictions"]
    assert len(said) == len(model.cells)
    assert {one["model"] for one in said} == {model.tag}
    output, _ = valuebox("users", "forget", "a", "--yes", *asked)
    assert f"{len(model.cells)} predicted responses" in output
    keep = pruning(store, timedelta(days=1), timedelta(hours=1))
    assert keep.prune(Event(), patient=True)["responses"] == 0
    old = pruning(store, timedelta(seconds=-60), timedelta(hours=1))
    assert old.prune(Event(), patient=True)["responses"] == len(model.cells)
