"""Columns of users that a model brings: how they are declared, learned, checked in files."""

import json
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.commands import valuebox
from support.own_columns import DECLARED, OWN
from support.users import user

import valuebox as package
from valuebox.compartments.ltv.bulk import MAX_ROWS, UserTable
from valuebox.compartments.ltv.model import OWN_FORMAT, LtvModel
from valuebox.compartments.ltv.schemas import Users
from valuebox.compartments.ltv.user import USERS
from valuebox.errors import ValueboxError
from valuebox.features.declared.reading import BadDeclaration, read
from valuebox.models import registry
from valuebox.schemas.by_column import RowsByColumn
from valuebox.schemas.own_columns import OwnColumns

COLUMN = 'about = "Something."\n'
SAME = "{about = 'x', type = 'boolean'}"


@pytest.fixture(scope="module")
def model(own_tag: str) -> LtvModel:
    return LtvModel.load(own_tag)


def test_the_model_looks_at_its_columns_and_carries_their_declaration(model: LtvModel) -> None:
    assert model.shape.own == read(DECLARED, OwnColumns)
    assert {one.feature for one in model.contributions.features[:2]} == {"STV", "visits"}
    some = {"STV": [16.0, 16.0], "visits": [1, 49], "device": ["phone", "phone"]}
    few, many = model.predict(some)
    assert many - few == pytest.approx(48, rel=0.3)
    assert {"visits", "minutes", "app"} <= model.reference.numbers.keys()
    assert "device" in model.reference.categories
    assert registry.load(model.tag, "ltv", [OWN_FORMAT]).format == OWN_FORMAT


def test_the_card_tells_of_the_columns(own_tag: str) -> None:
    card, _ = valuebox("models", "show", own_tag)
    assert "visits (integer), minutes (number), app (boolean), device" in " ".join(card.split())


def test_a_model_can_be_sent_to_another_process(model: LtvModel) -> None:
    of_shape = pickle.loads(pickle.dumps(model.shape))
    assert of_shape.columns == model.shape.columns
    assert of_shape.known["visits"].kind == model.shape.known["visits"].kind


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[columns.a]\n" + COLUMN + 'type = "date"', r"line 1: .*'number', 'integer'"),
        ("[columns.a]\n" + COLUMN + 'type = "number"\nlow = 3\nhigh = 3', "`low` has to be less"),
        (
            "[columns.a]\n" + COLUMN + 'type = "number"\nlow = 3',
            r"high: Field required",
        ),
        ("[columns.a]\n" + COLUMN + 'type = "boolean"\nlow = 3', r"line 4: .*low: Extra inputs"),
        ("[columns.a]\n" + COLUMN + 'type = "category"\ncategories = ["x", "x"]', "named twice"),
        ("[columns.a]\n" + COLUMN + 'type = "category"\ncategories = []', "at least 1 item"),
        ('[columns."a b"]\n' + COLUMN + 'type = "boolean"', "'a b' is no name"),
        (
            f"[columns.a]\n{COLUMN}type = 'boolean'\n[columns.A]\n{COLUMN}type = 'boolean'",
            "capitals",
        ),
        ("[columns.a]\ntype = 'boolean'", "about: Field required"),
        ("version = 2", "line 1: version: Input should be 1"),
        ("columns = 3\n", "line 1: columns: "),
        ("[columns", "is no TOML"),
    ],
)
def test_a_bad_declaration_is_refused_by_line(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "bad.toml").write_text(text)
    with pytest.raises(BadDeclaration, match=f"bad\\.toml: (?s:.*){told}"):
        read(tmp_path / "bad.toml", OwnColumns)


@pytest.mark.parametrize("name", ["stv", "User_ID", "target", "country_segment"])
def test_a_column_that_every_user_has_cannot_be_declared(
    own_dir: Path, tmp_path: Path, name: str
) -> None:
    (tmp_path / "c.toml").write_text(f"[columns.{name}]\n{COLUMN}type = 'boolean'")
    file = "--train", own_dir / "train.csv", "--columns", tmp_path / "c.toml"
    _, err = valuebox("train", *file, exit_code=2)
    assert f"columns.{name}: is a column that every model knows" in err


def test_a_declaration_without_any_column_is_no_declaration(own_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text("version = 1\n")
    file = "--train", own_dir / "train.csv", "--columns", tmp_path / "c.toml"
    _, err = valuebox("train", *file, exit_code=2)
    assert "the declaration of columns names none" in err


@pytest.mark.parametrize("name", ["prediction", "extra", "names", "n_rows", "copy", "model_dump"])
def test_a_column_cannot_take_the_place_of_something_else(name: str) -> None:
    own = OwnColumns.model_validate({"columns": {name: {"about": "x", "type": "boolean"}}})
    with pytest.raises(ValueError, match=f"columns.{name}: is a name that valuebox has"):
        USERS.with_own(own)


@pytest.mark.parametrize("name", ["day", "class", "select", "table", "Prediction"])
def test_other_names_are_as_good_as_any(name: str) -> None:
    own = OwnColumns.model_validate({"columns": {name: {"about": "x", "type": "boolean"}}})
    shape = USERS.with_own(own)
    rows = shape.by_row(Users, 1_000, MAX_ROWS), shape.by_column(UserTable, MAX_ROWS)
    first, second = user(1, **{name: True}), user(2, **{name: False})
    by_column = {key: [first[key], second[key]] for key in first}
    for model, sent in zip(rows, ([first, second] * 400, by_column), strict=True):
        assert list(model.read(json.dumps(sent).encode()).column(name))[:2] == [1, 0]


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("visits", "1.5", "visits is no whole number from 0 to 10,000: row 3"),
        ("visits", "-1", "visits is no whole number from 0 to 10,000: row 3"),
        ("minutes", "5761", "minutes is no number from 0 to 5,760: row 3"),
        ("app", "2", "app is neither 0 nor 1: row 3"),
        ("device", "fridge", "device is none of phone, tablet, computer: row 3"),
        ("device", "", "device is missing: row 3"),
    ],
)
def test_files_are_checked_by_the_declaration(
    own_dir: Path, tmp_path: Path, own_tag: str, name: str, value: str, told: str
) -> None:
    users = pd.read_csv(own_dir / "valid.csv", dtype=str).head(20)
    users.loc[2, name] = value
    users.to_csv(tmp_path / "bad.csv", index=False)
    out = "--out", tmp_path / "out.csv", "--model", own_tag
    _, err = valuebox("score", tmp_path / "bad.csv", *out, exit_code=2)
    assert told in err


def test_score_and_frames_say_what_the_model_says(
    own_dir: Path, tmp_path: Path, model: LtvModel
) -> None:
    users = pd.read_csv(own_dir / "valid.csv").head(200)
    users.to_csv(tmp_path / "users.csv", index=False)
    out = tmp_path / "out.csv"
    valuebox("score", tmp_path / "users.csv", "--out", out, "--model", model.tag)
    scored = pd.read_csv(out)["prediction"].to_numpy()
    columns = {name: users[name].where(users[name].notna(), None).tolist() for name in users}
    np.testing.assert_allclose(scored, model.predict(columns))
    framed = package.load(model.tag).predict(users)["prediction"]
    np.testing.assert_allclose(framed, scored)
    with pytest.raises(ValueboxError, match=r"visits"):
        package.load(model.tag).predict(users.assign(visits=-1))


def test_a_file_without_a_column_that_no_user_may_lack_is_refused(
    own_dir: Path, tmp_path: Path, own_tag: str
) -> None:
    pd.read_csv(own_dir / "valid.csv").drop(columns="device").to_csv(tmp_path / "no.csv")
    out = "--out", tmp_path / "out.csv", "--model", own_tag
    _, err = valuebox("score", tmp_path / "no.csv", *out, exit_code=2)
    assert "lacks the column device" in err


def test_a_file_that_lacks_such_a_column_is_told_or_refused(
    own_dir: Path, tmp_path: Path, own_tag: str
) -> None:
    users = pd.read_csv(own_dir / "valid.csv").head(20).rename(columns={"visits": "Visits"})
    users.to_csv(tmp_path / "near.csv", index=False)
    out = "--out", tmp_path / "out.csv", "--model", own_tag
    _, err = valuebox("score", tmp_path / "near.csv", "--strict", *out, exit_code=2)
    assert "is visits meant?" in err
    assert not (tmp_path / "out.csv").exists()
    _, err = valuebox("score", tmp_path / "near.csv", *out)
    assert "is visits meant?" in err
    assert "No column is called visits" in err


def test_many_rows_are_decoded_as_they_are_validated(model: LtvModel) -> None:
    rows = model.shape.by_row(Users, 10_000, MAX_ROWS)
    sent = [user(number, **OWN, target=1.5) for number in range(40)]
    body = json.dumps(sent).encode()
    decoded = rows.read(body)
    assert isinstance(decoded, RowsByColumn)
    one_by_one = rows.model_validate_json(body)
    for name in model.shape.columns:
        assert list(decoded.column(name)) == list(one_by_one.column(name))


def test_without_a_declaration_models_are_those_of_everybody() -> None:
    assert USERS.by_row(Users, 10_000, MAX_ROWS) is Users
    assert USERS.by_column(UserTable, MAX_ROWS) is UserTable
    assert USERS.with_own(OwnColumns()) is USERS
