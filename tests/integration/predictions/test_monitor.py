"""`valuebox monitor` on simulated worlds, and what becomes of its result."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import event, select
from support.commands import only_line, valuebox
from support.dashboards import as_sent, show, site_on
from support.sums import fold, report, send, some_time_ago
from support.users import user, users

from valuebox.compartments.ltv.files import read_users
from valuebox.compartments.ltv.ledger import LEDGER
from valuebox.compartments.ltv.model import LtvModel
from valuebox.predictions.monitoring.checks import MATURED_SHARE, NothingToMonitor, monitor
from valuebox.predictions.monitoring.gauges import MonitorGauges
from valuebox.predictions.monitoring.keeping import latest
from valuebox.predictions.monitoring.results import MonitorResult, Thresholds
from valuebox.store.engine import Store
from valuebox_training.ltv.simulate import simulate
from valuebox_training.ltv.train import train

RATE = 40
WORLDS = ("calm", "price", "decay", "gaps")


@pytest.fixture(scope="module")
def july(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    """Users of a month with outcomes, by the world that they live in."""
    found = {}
    for world in WORLDS:
        folder = tmp_path_factory.mktemp(world)
        simulate(RATE, 11, world).write(folder)
        found[world] = read_users(folder / "valid.csv")
    return found


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> LtvModel:
    """A model of a world where nothing moves."""
    folder = tmp_path_factory.mktemp("learned")
    simulate(RATE, 7, "calm").write(folder)
    return LtvModel.load(train(folder / "train.csv", None, "calm").tag)


def crossed(output: str) -> list[str]:
    prefix = "beyond its threshold: "
    return [line.removeprefix(prefix) for line in output.splitlines() if line.startswith(prefix)]


@pytest.mark.parametrize(
    ("world", "why"),
    [
        ("calm", None),
        ("price", "PSI of STV"),
        pytest.param("decay", "error of matured cohort means", marks=pytest.mark.slow),
        pytest.param("gaps", "values of aff_type missing beyond training", marks=pytest.mark.slow),
    ],
)
def test_a_drifted_month_is_told_from_a_calm_one(
    store: Store,
    database_url: str,
    calm: LtvModel,
    july: dict[str, pd.DataFrame],
    world: str,
    why: str | None,
) -> None:
    show(store, calm, july[world])
    command = ("monitor", "--since", "2019-07-01", "--database-url", database_url)
    output, _ = valuebox(*command, exit_code=0 if why is None else 1)
    found = crossed(output)
    assert bool(found) == (why is not None)
    if why is None:
        assert "nothing is beyond its threshold" in output
    else:
        assert any(line.startswith(why) for line in found), output
    with store.reading() as session:
        kept = latest(session, LEDGER.sums.monitor_results)
        flags = session.scalars(select(LEDGER.sums.monitor_results.crossed)).all()
    assert kept is not None
    assert len(kept.crossed) == len(found)
    assert flags == [bool(found)]
    with site_on(store, calm) as site:
        head, *drifts = site.csv("drift", "from=2019-07-01&to=2019-07-31")
        page = site.get().text
    shown = {row[head.index("feature")]: float(row[head.index("psi")]) for row in drifts}
    monitored = {one.feature: one.psi for one in kept.drift.features}  # type: ignore[union-attr]
    assert shown == pytest.approx(monitored)
    assert ("shifted" in re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)) == (
        world in ("price", "gaps")
    )


@pytest.mark.sqlite_alone
def test_matured_cohorts_joined_before_those_of_late(
    store: Store, database_url: str, calm: LtvModel, july: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    month = july["calm"]
    show(store, calm, month)
    august = month.assign(
        user_id=month["user_id"] + 10**9, join_date=month["join_date"] + pd.Timedelta(days=31)
    )
    send(store, as_sent(august), calm)
    # Some outcomes come early: a day with few of them has not matured.
    first = august[august["join_date"] < "2019-08-02"]
    few = first.head(int(MATURED_SHARE * len(first)) - 1)
    report(store, dict(zip(few["user_id"].tolist(), few["target"].tolist(), strict=True)))
    fold(store)
    file = tmp_path / "found.json"
    valuebox(
        *("monitor", "--since", "2019-08-11", "--report", file),
        *("--database-url", database_url),
    )
    result = MonitorResult.model_validate_json(file.read_text())
    drift, matured = result.drift, result.matured
    assert drift is not None
    assert matured is not None
    assert (drift.first, drift.last) == (date(2019, 8, 11), date(2019, 8, 31))
    assert drift.rows == (august["join_date"] >= "2019-08-11").sum()
    assert (matured.first, matured.last) == (date(2019, 7, 11), date(2019, 7, 31))
    known = month[month["join_date"] >= "2019-07-11"]
    assert matured.users == pytest.approx(len(known), abs=5)
    assert matured.actual == pytest.approx(known["target"].mean(), rel=0.1)
    assert matured.error < 3 * matured.floor
    assert result.label_lag_days == 31
    # The result is what was stored.
    with store.reading() as session:
        assert latest(session, LEDGER.sums.monitor_results) == result
    output, _ = valuebox("monitor", "--max-lag", "30", "--database-url", database_url, exit_code=1)
    assert crossed(output) == ["label lag of 31 days, more than 30"]


@pytest.mark.sqlite_alone
def test_a_user_far_from_all_others_says_nothing_of_them(
    store: Store, database_url: str, calm: LtvModel, july: dict[str, pd.DataFrame]
) -> None:
    show(store, calm, july["decay"])
    august = [
        user(10**9 + 100 * day + number, join_date=f"2019-08-{day:02d} 12:00:00")
        for day in range(1, 10)
        for number in range(20)
    ]
    # The only one of a day, with an early outcome; and somebody whose year was mistyped.
    alone = user(10**9, join_date="2019-08-10 12:00:00")
    mistyped = user(10**9 + 1, join_date="2190-08-10 12:00:00")
    send(store, [*august, alone, mistyped], calm)
    report(store, {alone["user_id"]: 1.0})
    fold(store)
    output, _ = valuebox("monitor", "--database-url", database_url, exit_code=1)
    assert any(line.startswith("error of matured cohort means") for line in crossed(output))
    assert "joined from 2019-07-12 to 2019-08-10" in output
    assert "outcomes lag 10 days behind" in output


@pytest.mark.sqlite_alone
def test_no_terminal_obeys_a_segment(store: Store, database_url: str, model: LtvModel) -> None:
    many = [one | {"country_segment": "\x1b]0;[red]"} for one in users(40)]
    send(store, many, model)
    report(store, {one["user_id"]: 1.0 for one in many})
    fold(store)
    output, _ = valuebox("monitor", "--database-url", database_url, exit_code=1)
    assert "⟨U+001B⟩]0;[red]" in output


@pytest.mark.sqlite_alone
def test_without_outcomes_the_lag_is_all_there_is(
    store: Store, database_url: str, model: LtvModel
) -> None:
    send(store, users(31), model)
    fold(store)
    command = ("monitor", "--max-psi", "99", "--max-unseen", "1", "--database-url", database_url)
    output, _ = valuebox(*command)
    assert "matured cohorts: none yet" in output
    assert "error of matured cohort means is unknown: too few outcomes are known" in output
    with store.reading() as session:
        kept = latest(session, LEDGER.sums.monitor_results)
    assert kept is not None
    assert (kept.matured, kept.label_lag_days) == (None, 31)


@pytest.mark.sqlite_alone
def test_a_new_country_is_unseen(store: Store, database_url: str, model: LtvModel) -> None:
    many = users(600)
    for number, one in enumerate(many):
        one |= {"country_segment": "XX" if number % 10 == 0 else "US", "aff_type": "PPL"}
    send(store, many, model)
    fold(store)
    options = ("--since", "2019-07-01", "--max-psi", "99", "--database-url", database_url)
    output, _ = valuebox("monitor", *options, exit_code=1)
    assert "unseen values of country_segment 10.0%, more than 5.0%" in crossed(output)
    # A tenth of a handful is nobody who could not have come by chance.
    valuebox("monitor", "--max-unseen", "0.09", *options)


@pytest.mark.sqlite_alone
def test_each_model_is_judged_by_what_it_learned(
    store: Store, database_url: str, model: LtvModel
) -> None:
    send(store, users(62), model)
    send(store, users(93, first_id=1_000), model, "ltv:never-noted")
    fold(store)
    options = ("--since", "2019-07-01", "--max-psi", "99", "--max-unseen", "1")
    options = (*options, "--database-url", database_url)
    output, _ = valuebox("monitor", *options, exit_code=3)
    assert "drift is unknown: nothing is known of the training users of ltv:never-noted" in output
    assert "nothing is beyond its threshold, of what is known" in output
    output, _ = valuebox("monitor", "--model", model.tag, *options)
    assert "62 rows" in output


def test_it_adds_up_what_nobody_has_added_yet(
    store: Store, database_url: str, model: LtvModel
) -> None:
    with some_time_ago():
        send(store, users(40), model)
    send(store, users(40, first_id=500), model)
    options = ("--since", "2019-07-01", "--max-psi", "99", "--max-unseen", "1")
    output, _ = valuebox("monitor", *options, "--database-url", database_url)
    # What came within the last minute may still change.
    assert "40 rows of users who joined from 2019-07-01 to 2019-07-31" in output


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--since", "2019-09-01"), "who joined since 2019-09-01; the last are of 2019-07"),
        (("--compartment", "growth"), "--compartment takes one of ltv"),
        (("--model", "ltv:other"), "the sums hold no users that ltv:other predicted yet"),
        (("--max-psi", "0"), "--max-psi takes a number greater than 0"),
        (("--max-psi", "nan"), "--max-psi takes a number greater than 0"),
        (("--max-error", "inf"), "--max-error takes a number greater than 0"),
        (("--max-missing", "1.5"), "--max-missing takes a share"),
        (("--max-unseen", "-0.1"), "--max-unseen takes a share"),
        (("--max-lag", "-1"), "--max-lag takes a number of days"),
        (("--report", "/nowhere/at/all.json"), "/nowhere/at/all.json: cannot be written"),
    ],
)
@pytest.mark.sqlite_alone
def test_what_cannot_be_asked_is_one_line(
    store: Store, database_url: str, model: LtvModel, options: tuple[str, ...], said: str
) -> None:
    send(store, users(10), model)
    fold(store)
    _, error = valuebox("monitor", *options, "--database-url", database_url, exit_code=2)
    assert said in only_line(error)
    with store.reading() as session:
        assert latest(session, LEDGER.sums.monitor_results) is None


@pytest.mark.sqlite_alone
def test_what_is_no_day_is_refused(database_url: str) -> None:
    _, error = valuebox(
        "monitor", "--since", "yesterday", "--database-url", database_url, exit_code=2
    )
    assert "--since" in error


@pytest.mark.sqlite_alone
def test_a_handful_of_users_is_not_called_calm(
    store: Store, database_url: str, model: LtvModel, tmp_path: Path
) -> None:
    send(store, users(12), model)
    fold(store)
    file = tmp_path / "found.json"
    options = ("--max-unseen", "1", "--max-psi", "2.5", "--database-url", database_url)
    output, _ = valuebox("monitor", "--report", file, *options, exit_code=3)
    (line,) = (line for line in output.splitlines() if line.startswith("drift is unknown: "))
    assert "12 rows are too few: chance alone moves" in line
    result = MonitorResult.model_validate_json(file.read_text())
    assert [one.check for one in result.unknown] == ["psi", "error"]
    with store.reading() as session:
        assert latest(session, LEDGER.sums.monitor_results) == result
    told = {name: one for name, one in samples(result) if name == "valuebox_monitor_unknown"}
    assert told == {"valuebox_monitor_unknown": {"psi": 1, "error": 1, "evidence": 0}}
    # Something that is certain is said all the same.
    valuebox("monitor", "--max-lag", "1", *options, exit_code=1)
    output, _ = valuebox("monitor", "--database-url", database_url, exit_code=1)
    assert "drift is unknown" not in output


def samples(result: MonitorResult) -> Iterator[tuple[str, dict[str, float]]]:
    gauges = MonitorGauges()
    gauges.show({"ltv": result})
    for family in gauges.collect():
        yield family.name, {one.labels.get("check", ""): one.value for one in family.samples}


@pytest.mark.sqlite_alone
def test_nothing_stored_is_unknown(store: Store, database_url: str) -> None:
    output, _ = valuebox("monitor", "--database-url", database_url, exit_code=3)
    assert only_line(output) == "drift is unknown: the sums hold no users yet"
    with store.reading() as session, pytest.raises(NothingToMonitor):
        monitor(session, LEDGER, Thresholds())


def test_it_reads_sums_and_no_rows(
    postgres_store: Store, calm: LtvModel, july: dict[str, pd.DataFrame]
) -> None:
    show(postgres_store, calm, july["calm"])
    asked: list[str] = []
    with postgres_store.reading() as session:
        connection = session.connection()
        event.listen(connection, "before_cursor_execute", lambda *told: asked.append(told[2]))
        monitor(session, LEDGER, Thresholds())
    assert asked
    for table in ("ltv_features", "ltv_predictions", "ltv_outcomes"):
        assert not any(re.search(rf"\b{table}\b", statement) for statement in asked)
