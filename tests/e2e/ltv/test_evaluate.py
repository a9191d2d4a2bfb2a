from pathlib import Path

import pandas as pd
import pytest
from support.commands import only_line, valuebox, write_users
from support.databases import PASSWORD
from support.services import Service

from valuebox.compartments.ltv.features import FEATURES
from valuebox_cli.ltv.evaluate import EvaluationReport


@pytest.fixture(scope="module")
def valid(data_dir: Path) -> pd.DataFrame:
    return pd.read_csv(data_dir / "valid.csv", keep_default_na=False, na_values=["NA"])


def evaluate(service: Service, file: Path, *options: object) -> str:
    return valuebox("evaluate", file, "--url", service.url, "--batch-size", 300, *options)[0]


def report_of(path: Path) -> EvaluationReport:
    return EvaluationReport.model_validate_json(path.read_text(), strict=True, extra="forbid")


def test_both_sources_give_the_same_figures(
    service: Service, data_dir: Path, valid: pd.DataFrame, tmp_path: Path
) -> None:
    before = service.count_rows()
    outputs, reports = [], []
    for source in ("api", "database"):
        path = tmp_path / f"{source}.json"
        options = ["--source", source, "--database-url", service.database_url, "--report", path]
        outputs.append(evaluate(service, data_dir / "valid.csv", *options))
        reports.append(report_of(path))
    assert outputs[0] == outputs[1]
    assert [report.source for report in reports] == ["api", "database"]
    own = {"source", "run", "request_ids", "evaluated_at"}
    assert reports[0].model_dump(exclude=own) == reports[1].model_dump(exclude=own)
    assert len({*reports[0].request_ids, *reports[1].request_ids}) == 2 * -(-len(valid) // 300)
    assert service.count_rows() == {
        **before,
        "ltv_features": before["ltv_features"] + 2 * len(valid),
        "ltv_predictions": before["ltv_predictions"] + 2 * len(valid),
    }


@pytest.mark.sqlite_alone
def test_the_report_holds_what_the_table_shows(
    service: Service, data_dir: Path, valid: pd.DataFrame, tmp_path: Path, model_tag: str
) -> None:
    path = tmp_path / "report.json"
    table = evaluate(service, data_dir / "valid.csv", "--report", path)
    report = report_of(path)
    assert report.models == [model_tag]
    assert (report.url, report.users) == (service.url, len(valid))
    assert report.cohorts is not None
    assert report.cohorts.users == len(valid)
    users = valid["country_segment"].value_counts()
    for period in (report.cohorts.day, report.cohorts.month):
        assert {row.country_segment: row.users for row in period.segments} == users.to_dict()
        errors = pd.Series({row.country_segment: row.error for row in period.segments})
        assert period.macro == pytest.approx(errors.mean())
        assert period.weighted == pytest.approx((errors * users).sum() / users.sum())
    for row in report.cohorts.day.segments:
        shown = next(
            line for line in table.splitlines() if line.startswith(f"{row.country_segment} ")
        )
        for figure in (row.error, row.baseline_error):
            assert (f"{figure:.3f}" if figure < 10 else f"{figure:.2f}") in shown.split()
    assert f"{report.cohorts.month.macro:.3f}" in table


@pytest.mark.sqlite_alone
def test_predictions_are_written_for_every_row_in_file_order(
    service: Service, valid: pd.DataFrame, tmp_path: Path
) -> None:
    # In no order of ids, with some users twice and every kind of gap.
    users = pd.concat([valid.sample(frac=1, random_state=1), valid.head(20)])
    gaps = {name: users[name].mask(users["user_id"] % 10 == 3) for name in FEATURES}
    file = write_users(tmp_path / "users.csv", users.assign(**gaps))
    out = tmp_path / "predictions.csv"
    evaluate(service, file, "--predictions", out)
    written = pd.read_csv(out)
    ends = ["prediction", "lower", "upper"]
    assert list(written)[:4] == ["user_id", *ends]
    assert written["user_id"].tolist() == users["user_id"].tolist()
    assert written["prediction_id"].is_unique
    answered = service.http.post(
        "/v1/ltv/predictions/search",
        json={"user_ids": written["user_id"].unique().tolist(), "page_size": 10_000},
    )
    stored = {
        one["prediction_id"]: [one[name] for name in ends] for one in answered.json()["predictions"]
    }
    assert written[ends].to_numpy().tolist() == [
        stored[row_id] for row_id in written["prediction_id"]
    ]


@pytest.mark.sqlite_alone
def test_the_target_stays_at_home(service: Service, valid: pd.DataFrame, tmp_path: Path) -> None:
    before = service.count_rows()["ltv_outcomes"]
    out = tmp_path / "predictions.csv"
    evaluate(service, write_users(tmp_path / "a.csv", valid), "--predictions", out)
    other = valid.assign(target=valid["target"] * -3 + 100)
    evaluate(service, write_users(tmp_path / "b.csv", other), "--predictions", tmp_path / "b.out")
    assert service.count_rows()["ltv_outcomes"] == before
    assert (
        pd.read_csv(out)["prediction"].tolist()
        == pd.read_csv(tmp_path / "b.out")["prediction"].tolist()
    )


@pytest.mark.sqlite_alone
def test_a_file_without_target_is_predicted_and_says_so(
    service: Service, data_dir: Path, tmp_path: Path
) -> None:
    before = service.count_rows()["ltv_predictions"]
    users = len(pd.read_csv(data_dir / "test.csv"))
    report = tmp_path / "report.json"
    output = evaluate(service, data_dir / "test.csv", "--report", report)
    assert "has no target: nothing to judge" in " ".join(output.split())
    assert report_of(report).cohorts is None
    assert service.count_rows()["ltv_predictions"] == before + users


@pytest.mark.sqlite_alone
def test_a_target_added_to_the_test_file_is_judged(
    service: Service, data_dir: Path, tmp_path: Path
) -> None:
    users = pd.read_csv(data_dir / "test.csv", keep_default_na=False, na_values=["NA"])
    known = users.assign(target=[5.0, None] * (len(users) // 2) + [5.0] * (len(users) % 2))
    report = tmp_path / "report.json"
    output = evaluate(service, write_users(tmp_path / "test.csv", known), "--report", report)
    assert "Mean absolute error of the cohort mean" in output
    cohorts = report_of(report).cohorts
    assert cohorts is not None
    assert cohorts.users == known["target"].notna().sum()


@pytest.mark.sqlite_alone
def test_a_bad_file_is_not_sent(service: Service, valid: pd.DataFrame, tmp_path: Path) -> None:
    before = service.count_rows()
    bad = valid.head(400).astype({"STV": object, "join_date": object})
    bad.loc[[4, 350], "STV"] = "cheap"
    bad.loc[7, "join_date"] = "2019-13-01"
    file = write_users(tmp_path / "bad.csv", bad)
    _, said = valuebox("evaluate", file, "--url", service.url, exit_code=2)
    assert "STV is no amount from 0 to 1,000,000: rows 5, 351" in said
    assert "join_date is no date" in said
    assert "row 8" in said
    assert service.count_rows() == before


@pytest.mark.sqlite_alone
def test_an_answered_error_is_one_line(
    service: Service, valid: pd.DataFrame, tmp_path: Path
) -> None:
    large = valid.head(1_000).assign(note="x" * 10_000)
    file = write_users(tmp_path / "large.csv", large)
    options = ["--url", service.url, "--batch-size", 1_000]
    _, said = valuebox("evaluate", file, *options, exit_code=1)
    assert "answered 413 body_too_large" in only_line(said)


def test_the_wrong_database_is_noticed(service: Service, data_dir: Path, database_url: str) -> None:
    valuebox("db", "upgrade", "--database-url", database_url)
    options = ["--url", service.url, "--source", "database", "--database-url", database_url]
    _, said = valuebox("evaluate", data_dir / "valid.csv", *options, exit_code=1)
    assert "the database holds 0 predictions of this run" in only_line(said)


@pytest.mark.sqlite_alone
def test_a_database_that_is_away_is_one_line(service: Service, data_dir: Path) -> None:
    url = f"postgresql://me:{PASSWORD}@127.0.0.1:1/db"
    options = ["--url", service.url, "--source", "database", "--database-url", url]
    _, said = valuebox("evaluate", data_dir / "valid.csv", *options, exit_code=1)
    assert "the database cannot be read" in only_line(said)
    assert PASSWORD not in said


@pytest.mark.sqlite_alone
def test_a_file_of_required_columns_with_some_targets_is_judged(
    service: Service, tmp_path: Path
) -> None:
    users = pd.DataFrame({"user_id": range(20), "join_date": "2019-08-01"})
    users["target"] = ["1.5", "NA"] * 10
    # Columns that are called like ours are just columns.
    users["prediction"] = users["baseline"] = "mine"
    path = tmp_path / "report.json"
    evaluate(service, write_users(tmp_path / "users.csv", users), "--report", path)
    judged = report_of(path).cohorts
    assert judged.users == 10
    assert [row.country_segment for row in judged.day.segments] == ["(missing)"]


@pytest.mark.sqlite_alone
def test_what_is_strange_about_a_file_is_told_and_reported(
    service: Service, valid: pd.DataFrame, tmp_path: Path
) -> None:
    odd = valid.rename(columns={"country_segment": "Country Segment"})
    odd.loc[7, "target"] = 1_000_000
    odd.loc[4, "STV"] = 1_000
    file = write_users(tmp_path / "users.csv", odd)
    report, page = tmp_path / "report.json", tmp_path / "page.html"
    before = service.count_rows()
    _, said = valuebox("evaluate", file, "--url", service.url, "--strict", exit_code=2)
    assert 'The column "Country Segment" is not used: is country_segment meant?' in said
    assert service.count_rows() == before
    command = ["evaluate", file, "--url", service.url, "--report", report, "--html", page]
    _, said = valuebox(*command)
    found = report_of(report)
    assert found.absent_features == ["country_segment"]
    assert found.near_names == {"Country Segment": "country_segment"}
    assert "that of 1 user in row 5 is outside, where less is known" in found.warnings[2]
    assert found.warnings[3] == f"{file}: target is beyond what the others lead to expect: row 8"
    assert said.splitlines() == [f"warning: {warning}" for warning in found.warnings]
    assert "No column is called country_segment: it is taken as missing" in page.read_text()
