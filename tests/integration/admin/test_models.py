import re
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from support.commands import only_line, valuebox, write_users
from support.users import add_predictions, estimates, received, user, users

from valuebox.compartments.ltv import repository
from valuebox.compartments.ltv.model import LtvModel
from valuebox.store.engine import Store
from valuebox.store.ids import new_id
from valuebox_cli.ltv.matured import matured_users
from valuebox_training.ltv.train import train

COUNT = 400
RECIPE = Path(__file__).parents[3] / "bentofile.yaml"


@pytest.fixture(scope="module")
def versions(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Tags of two versions of a model; the second one has learned from half of every amount."""
    learned = pd.read_csv(data_dir / "train.csv", keep_default_na=False, na_values=["NA"])
    halved = learned.assign(target=learned["target"] / 2)
    file = write_users(tmp_path_factory.mktemp("versions") / "train.csv", halved)
    good = train(data_dir / "train.csv", data_dir / "valid.csv", "versions").tag
    return good, train(file, None, "versions").tag


def test_the_recipe_of_a_bento_has_the_models_that_the_next_start_takes(
    versions: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = versions
    monkeypatch.setenv("VALUEBOX_RESPONSE_MODEL", "-")
    for meant, tag in ((good, good), ("versions", bad)):
        monkeypatch.setenv("VALUEBOX_MODEL", meant)
        recipe = yaml.safe_load(valuebox("models", "bentofile", str(RECIPE))[0])
        assert recipe.pop("models") == [{"tag": tag, "alias": "ltv"}]
    written = yaml.safe_load(RECIPE.read_text())
    del written["models"]
    assert recipe == written
    monkeypatch.setenv("VALUEBOX_MODEL", "-")
    assert yaml.safe_load(valuebox("models", "bentofile", str(RECIPE))[0])["models"] == []


def test_no_recipe_is_made_with_a_model_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VALUEBOX_MODEL", "ltv:of-nobody")
    _, said = valuebox("models", "bentofile", str(RECIPE), exit_code=2)
    assert "has no model 'ltv:of-nobody'; `valuebox train` makes one" in said


def test_a_model_that_is_not_there_names_the_command_that_makes_one() -> None:
    for tag, command in (("handle:x", "handle train"), ("recommend:x", "recommend train")):
        _, said = valuebox("models", "show", tag, exit_code=2)
        assert f"has no model '{tag}'; `valuebox {command}` makes one" in said
    _, said = valuebox("models", "show", "of-mine", exit_code=2)
    assert "`valuebox train` or " in said


def remember(store: Store, sent: list[dict[str, object]], targets: dict[int, float]) -> None:
    columns = received(sent)
    with store.writing() as session:
        said = estimates(*[1.0] * len(sent))
        add_predictions(session, new_id(), columns, said, "ltv:whoever")
        repository.put_outcomes(session, targets)


def figures(line: str, text: str) -> list[float]:
    (found,) = (one for one in text.splitlines() if one.startswith(line))
    return [float(word) for word in re.findall(r"-?\d+\.\d+", found)]


def test_the_better_model_is_told_from_what_came_true(
    store: Store, database_url: str, versions: tuple[str, str]
) -> None:
    good, bad = versions
    sent = users(COUNT)
    expected = LtvModel.load(good).predict(received(sent).features)
    noise = np.random.default_rng(3).normal(0, 1, COUNT)
    ids = [one["user_id"] for one in sent]
    remember(store, sent, dict(zip(ids, (expected + noise).tolist(), strict=True)))
    output, _ = valuebox("models", "compare", good, bad, "--database-url", database_url)
    assert f"first:  {good}" in output
    assert f"second: {bad}" in output
    day_first, day_second, _, month_first, month_second, _ = figures("equally", output)
    assert day_first < day_second
    assert month_first < month_second
    assert figures("first, user by user", output)[0] < figures("second, user by user", output)[0]
    # The other way round the same figures change places.
    turned, _ = valuebox("models", "compare", bad, good, "--database-url", database_url)
    assert figures("equally", turned)[:2] == [day_second, day_first]
    part, _ = valuebox(
        *("models", "compare", good, bad, "--database-url", database_url),
        *("--joined-from", "2019-07-10", "--joined-before", "2019-07-11"),
    )
    joined = sum(str(one["join_date"]).startswith("2019-07-10") for one in sent)
    assert f"{joined} users who joined from 2019-07-10 12:00:00 on" in part


def test_each_user_counts_once_as_last_received_and_only_with_an_outcome(store: Store) -> None:
    sent = users(6, missing=0.5, seed=4)
    remember(store, [{**one, "STV": 1.0, "country_segment": "XX"} for one in sent], {})
    remember(store, sent, {1: 10.0, 2: 20.0, 3: 30.0})
    with store.reading() as session:
        found = matured_users(session, None, None, None)
        later = matured_users(session, None, datetime(2019, 7, 2, 12), datetime(2019, 7, 4))
    assert dict(zip(found["user_id"], found["target"], strict=True)) == {1: 10, 2: 20, 3: 30}
    by_id = {one["user_id"]: one for one in sent}
    for row in found.to_dict("records"):
        of_request = by_id[row["user_id"]]
        for name in ("STV", "country_segment"):
            wanted = of_request.get(name)
            assert pd.isna(row[name]) if wanted is None else row[name] == wanted
    # Who joined at the very moment of the last training user is left out.
    assert later["user_id"].tolist() == [3]


def test_what_came_before_a_column_was_declared_may_have_been_anything(store: Store) -> None:
    sent = [2.5, 10**400, "many", None, [1], True]
    rows = [user(place, visits=one, device=one) for place, one in enumerate(sent)]
    remember(store, rows, dict.fromkeys(range(len(sent)), 1.0))
    with store.reading() as session:
        found = matured_users(session, None, None, None, {"visits": float, "device": str})
    found = found.sort_values("user_id")
    assert [one for one in found["visits"].tolist() if one == one] == [2.5, 1.0]
    assert found["device"].tolist() == [None, None, "many", None, None, None]


def test_users_that_a_model_has_learned_from_do_not_count(
    store: Store, database_url: str, versions: tuple[str, str]
) -> None:
    early = [{**one, "join_date": "2019-06-01 12:00:00"} for one in users(10)]
    remember(store, early, dict.fromkeys(range(1, 11), 5.0))
    _, said = valuebox("models", "compare", *versions, "--database-url", database_url, exit_code=2)
    assert "no stored user who joined after 2019-06-30" in only_line(said)


def test_models_are_listed_newest_first_with_the_one_of_the_next_start(
    versions: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = versions
    monkeypatch.setenv("VALUEBOX_MODEL", "versions")
    output, _ = valuebox("models", "list")
    mine = [line.split() for line in output.splitlines() if line.startswith("versions:")]
    assert [(line[0], line[-2:] == ["at", "start"]) for line in mine] == [
        (bad, True),
        (good, False),
    ]
    monkeypatch.setenv("VALUEBOX_MODEL", good)
    output, _ = valuebox("models", "list")
    (marked,) = (line for line in output.splitlines() if good in line)
    assert marked.rstrip().endswith("at start")
    # What a start would take is not what a service runs with.
    assert "served" not in output
    assert "answers" not in output
    monkeypatch.setenv("VALUEBOX_MODEL", "nowhere:at-all")
    output, said = valuebox("models", "list")
    assert bad in output
    assert "VALUEBOX_MODEL is nowhere:at-all, which is not among them" in said
    monkeypatch.setenv("VALUEBOX_MODEL", "-")
    assert valuebox("models", "list")[1] == ""


def test_models_are_listed_also_where_the_service_does_not_answer(
    versions: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VALUEBOX_URL", "http://127.0.0.1:9")
    output, said = valuebox("models", "list", exit_code=1)
    assert versions[0] in output
    assert "answers" not in output
    assert "127.0.0.1:9" in said


def test_a_model_is_shown_with_what_it_learned(
    versions: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VALUEBOX_MODEL", versions[0])
    output, _ = valuebox("models", "show")
    assert versions[0] in output
    assert "error of the mean" in output
    assert "country_segment" in output
    assert "US, " in output
    monkeypatch.setenv("VALUEBOX_MODEL", "-")
    monkeypatch.setenv("VALUEBOX_RESPONSE_MODEL", "-")
    _, said = valuebox("models", "show", exit_code=2)
    assert "the next start takes no model; `valuebox train` or `valuebox growth train`" in said
    judged_on_nobody, _ = valuebox("models", "show", versions[1])
    assert "error of the mean" not in judged_on_nobody


@pytest.mark.parametrize("tag", ["nowhere", "ltv:nowhere", "no tag at all"])
def test_a_model_that_is_not_there_is_one_line(tag: str) -> None:
    _, said = valuebox("models", "show", tag, exit_code=2)
    assert only_line(said).startswith("error: ")
