import csv
import os
import pty
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from support import warm
from support.commands import only_line, valuebox
from support.databases import PASSWORD
from support.services import ROOT, Service
from support.users import users

from valuebox.compartments.ltv.model import LtvModel
from valuebox.compartments.ltv.schemas import StoredPrediction
from valuebox.store import migrate
from valuebox.store.engine import make_engine

NOBODY = "http://127.0.0.1:1"


def looked_up(service: Service, *options: object) -> list[dict[str, str]]:
    output, _ = valuebox("predictions", "--url", service.url, *options)
    return list(csv.DictReader(StringIO(output)))


@pytest.mark.sqlite_alone
def test_segments_are_defused_for_spreadsheets_and_shown_to_terminals(service: Service) -> None:
    hostile = "=1+1\x1b[31m\u202e"
    sent = [{**one, "country_segment": hostile} for one in users(2, first_id=26_500_000)]
    answer = service.http.post("/v1/ltv/predict", json=sent)
    asked = ("--request-id", answer.headers["X-Request-Id"])
    assert {row["country_segment"] for row in looked_up(service, *asked)} == {f"'{hostile}"}
    master, slave = pty.openpty()
    command = [str(Path(sys.executable).with_name("valuebox")), "predictions", *asked]
    subprocess.run([*command, "--url", service.url], stdout=slave, check=True)
    os.close(slave)
    shown = os.read(master, 100_000).decode()
    os.close(master)
    assert "'=1+1⟨U+001B⟩[31m⟨U+202E⟩" in shown
    assert "\x1b" not in shown


@pytest.mark.sqlite_alone
def test_stored_predictions_are_printed_as_csv(service: Service) -> None:
    sent = users(30, first_id=21_000_000)
    answer = service.http.post("/v1/ltv/predict", json=sent)
    rows = looked_up(service, "--request-id", answer.headers["X-Request-Id"])
    assert list(rows[0]) == list(StoredPrediction.model_fields)
    newest_first = list(reversed(answer.json()))
    assert [row["prediction_id"] for row in rows] == [one["prediction_id"] for one in newest_first]
    assert [float(row["prediction"]) for row in rows] == [one["prediction"] for one in newest_first]
    assert {row["target"] for row in rows} == {""}


@pytest.mark.sqlite_alone
def test_conditions_and_limit_narrow_what_is_printed(service: Service) -> None:
    service.predict(users(31, first_id=22_000_000))
    mine = ["--user-id", 22_000_001, "--user-id", 22_000_002, "--user-id", 22_000_003]
    assert len(looked_up(service, *mine)) == 3
    assert len(looked_up(service, *mine, "--limit", 2)) == 2
    rows = looked_up(service, *mine, "--joined-from", "2019-07-03", "--joined-before", "2019-07-04")
    assert [row["user_id"] for row in rows] == ["22000002"]
    assert looked_up(service, "--user-id", 1, "--joined-from", "2190-01-01") == []


@pytest.mark.sqlite_alone
def test_more_than_a_page_is_printed(service: Service) -> None:
    service.predict(users(10_000, first_id=23_000_000))
    service.predict(users(10, first_id=23_000_000))
    rows = looked_up(service, "--limit", 10_005)
    assert len({row["prediction_id"] for row in rows}) == 10_005
    assert all(23_000_000 <= int(row["user_id"]) < 23_010_000 for row in rows)


@pytest.mark.parametrize("command", [["evaluate", "valid.csv"], ["predictions"]])
def test_a_service_that_is_not_there_is_one_line(data_dir: Path, command: list[str]) -> None:
    ended = warm.run(
        [Path(sys.executable).with_name("valuebox"), *command, "--url", NOBODY],
        cwd=data_dir,
        env={**os.environ, "COLUMNS": "40"},
        timeout=120,
    )
    assert ended.returncode == 1
    assert f"no service at {NOBODY}; start one with `bentoml serve`" in only_line(ended.stderr)
    assert "Traceback" not in ended.stdout


@pytest.mark.parametrize("url", ["nonsense", "ftp://127.0.0.1", "http://", "http://host:port"])
def test_an_address_that_is_none_is_one_line(data_dir: Path, url: str) -> None:
    _, said = valuebox("evaluate", data_dir / "valid.csv", "--url", url, exit_code=1)
    assert url in only_line(said)


@pytest.mark.sqlite_alone
def test_another_kind_of_service_is_one_line(service: Service, data_dir: Path) -> None:
    url = f"{service.url}/healthz"
    _, said = valuebox("evaluate", data_dir / "valid.csv", "--url", url, exit_code=1)
    assert "404" in only_line(said)


def test_a_database_is_upgraded(database_url: str) -> None:
    engine = make_engine(database_url)
    for _ in range(2):
        output, _ = valuebox("db", "upgrade", "--database-url", database_url)
        assert f"the {engine.dialect.name} database is at revision" in only_line(output)
    assert migrate.is_current(engine)
    engine.dispose()


def test_the_database_of_the_environment_is_upgraded(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    valuebox("db", "upgrade")
    engine = make_engine(database_url)
    assert migrate.is_current(engine)
    engine.dispose()


@pytest.mark.parametrize(
    ("url", "exit_code"),
    [
        (f"postgresql://me:{PASSWORD}@127.0.0.1:1/db", 1),
        ("sqlite:////no/such/folder/valuebox.db", 1),
        (f"nonsense-{PASSWORD}", 2),
        (f"oracle://me:{PASSWORD}@host/db", 2),
    ],
)
def test_a_database_that_cannot_be_upgraded_is_one_line(url: str, exit_code: int) -> None:
    _, said = valuebox("db", "upgrade", "--database-url", url, exit_code=exit_code)
    assert only_line(said).startswith("error: ")
    assert PASSWORD not in said


@pytest.mark.slow("cli/valuebox_cli", "training", "src/valuebox/compartments")
def test_the_demo_shows_it_all(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    # What is set for a service of one's own is of no account.
    monkeypatch.setenv("VALUEBOX_ACCESS", "keys")
    output, _ = valuebox("demo", "--data", data_dir)
    trained, evaluated = output.split("serving at")
    tag = only_line(trained).split("saved as ")[1]
    assert "Mean absolute error of the cohort mean" in evaluated
    assert "and stored" in evaluated
    assert "the service has stopped" in evaluated
    # Judged in training and over HTTP, the same users give the same figures.
    judged = LtvModel.load(tag).metadata["validation"]
    (equally,) = (line.split() for line in evaluated.splitlines() if line.startswith("equally"))
    assert equally[1:3] == [f"{judged[f'day_macro{of}']:.3f}" for of in ("", "_baseline")]
