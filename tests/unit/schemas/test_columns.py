"""A column that the model of a row has is there in requests, tables, encoders and files alike."""

from typing import Annotated, Any

import pandas as pd
import pyarrow as pa
import pytest
from pydantic import Field, ValidationError
from sqlalchemy import Double, Integer, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from valuebox.compartments.ltv.bulk import UserTable
from valuebox.compartments.ltv.features import Encoder
from valuebox.compartments.ltv.tables import LtvFeatures
from valuebox.compartments.ltv.user import CATEGORICAL, FEATURES, KNOWN, User
from valuebox.files.checks import checked
from valuebox.schemas.by_column import RowsByColumn, by_column
from valuebox.schemas.columns import Amount, Flag, Id, Many, Text, columns_of_rows
from valuebox.schemas.values import Model
from valuebox.store.columns import sent
from valuebox.store.writing import table_of


class Parcel(Model):
    """A row."""

    number: Annotated[int, Id(), Many("Numbers.", (1, 2))]
    insured: Annotated[Annotated[int, Flag()] | None, Many("Whether insured.", (0, 1))] = None
    Worth: Annotated[Annotated[float, Amount(0, 50)] | None, Many("Worth.", (1.5, None))] = None
    city: Annotated[Annotated[str, Text(3)] | None, Many("Cities.", ("Rom", None))] = Field(
        default=None
    )


class _Parcels(RowsByColumn):
    """Parcels by column."""

    max_values = 100


COLUMNS = columns_of_rows(Parcel)
Parcels: Any = by_column("Parcels", _Parcels, Parcel, 3)
BAD = [
    ("number", [1, -1], "greater than or equal to 0"),
    ("insured", [2, 0], "less than or equal to 1"),
    ("insured", [0, "1"], "0 or 1"),
    ("Worth", [50.5, 1.0], "less than or equal to 50"),
    ("city", ["Rome", None], "at most 3"),
    ("city", ["Rom"], "as many values as `number`, which has 2"),
    ("other", ["a"], "as many values as `number`, which has 2"),
    ("number", [1, 2, 3, 4], "at most 3"),
]


@pytest.mark.parametrize(("name", "values", "message"), BAD)
def test_rows_by_column_have_the_bounds_of_a_row(
    name: str, values: list[Any], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        Parcels.model_validate({"number": [1, 2], name: values})


def test_rows_by_column_are_described_as_many() -> None:
    parcels = Parcels.model_validate({"number": [1, 2], "Worth": [1.5, None], "other": ["a", "b"]})
    assert parcels.n_rows == 2
    assert parcels.column("Worth") == [1.5, None]
    assert parcels.column("city") == [None, None]
    assert parcels.extra == [{"other": "a"}, {"other": "b"}]
    schema = Parcels.model_json_schema()
    assert schema["required"] == ["number"]
    assert schema["properties"]["city"]["description"] == "Cities."
    assert schema["properties"]["Worth"]["examples"] == [[1.5, None]]


def test_a_table_has_the_columns_of_a_row_in_small_letters() -> None:
    class Base(DeclarativeBase):
        pass

    base: Any = sent(COLUMNS[name] for name in ("insured", "Worth", "city"))

    class Stored(base, Base):
        __tablename__ = "parcels"
        id: Mapped[int] = mapped_column(primary_key=True)

    columns = Stored.__table__.columns
    assert list(columns.keys()) == ["id", "insured", "worth", "city"]
    assert [type(columns[name].type) for name in ("insured", "worth", "city")] == [
        Integer,
        Double,
        String,
    ]
    assert columns["city"].type.length == 3
    assert columns["city"].nullable


def test_files_are_checked_by_the_bounds_of_a_row() -> None:
    rows = pa.table(
        {
            "number": ["1", "x"],
            "insured": ["true", "2"],
            "Worth": [7.0, 51.0],
            "city": ["Rom", "Rome"],
            "other": ["kept", "\0"],
        }
    )
    found, problems = checked(rows.slice(0, 1), 0, COLUMNS)
    assert not problems
    assert {name: values.tolist() for name, values in found.items()} == {
        "number": [1],
        "insured": [1.0],
        "Worth": [7.0],
        "city": ["Rom"],
        "other": ["kept"],
    }
    _, problems = checked(rows, 10, COLUMNS)
    assert problems.lines() == [
        "number is no whole number from 0 to 9223372036854775807: row 12",
        "insured is neither 0 nor 1: row 12",
        "Worth is no amount from 0 to 50: row 12",
        "city is longer than 3 characters: row 12",
        "other holds NUL: row 12",
    ]


def test_a_field_has_to_tell_its_kind() -> None:
    class Plain(Model):
        number: int

    with pytest.raises(TypeError, match="number has no Kind"):
        columns_of_rows(Plain)


def test_users_have_the_same_columns_everywhere() -> None:
    assert [*UserTable.model_fields] == [*User.model_fields] == [*KNOWN]
    features = [name.lower() for name in KNOWN if name in FEATURES]
    stored = [column.name for column in table_of(LtvFeatures).columns]
    assert [name for name in stored if name in features] == features
    learned = Encoder().fit(pd.DataFrame({name: ["a"] * 20 for name in FEATURES}))
    assert {name.partition("=")[0] for name in learned.feature_names} == set(FEATURES)
    assert set(CATEGORICAL) < set(FEATURES)
