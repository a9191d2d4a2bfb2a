import json
from datetime import datetime

import pytest
from pydantic import ValidationError

from valuebox.ltv.schemas import Outcomes, PredictionSearch, User, Users

REQUIRED = {"user_id": 7, "join_date": "2019-08-01 00:00:21"}


def user(**fields: object) -> User:
    return User.model_validate_json(json.dumps(REQUIRED | fields))


def test_only_two_fields_are_required() -> None:
    assert user().STV is None
    assert user(STV=None, country_segment=None).country_segment is None
    for name in REQUIRED:
        with pytest.raises(ValidationError, match="Field required"):
            User.model_validate({k: v for k, v in REQUIRED.items() if k != name})


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("2019-08-01", datetime(2019, 8, 1)),
        ("2019-08-01T10:20:30", datetime(2019, 8, 1, 10, 20, 30)),
        ("2019-08-01 10:20:30.5", datetime(2019, 8, 1, 10, 20, 30, 500_000)),
        ("2019-08-01T10:20:30+02:00", datetime(2019, 8, 1, 8, 20, 30)),
    ],
)
def test_moments_are_kept_on_the_sites_clock_or_turned_into_utc(sent: str, kept: datetime) -> None:
    assert user(join_date=sent).join_date == kept


@pytest.mark.parametrize("flag", [0, 1, 1.0, True])
def test_flags_come_as_numbers_or_booleans(flag: object) -> None:
    assert user(hidden=flag).hidden == flag


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("user_id", "7"),
        ("user_id", 7.5),
        ("user_id", -1),
        ("user_id", 2**63),
        ("user_id", None),
        ("join_date", 1564617621),
        ("join_date", "1564617621"),
        ("join_date", "01.08.2019"),
        ("join_date", "2019-02-30"),
        ("join_date", "0001-01-01"),
        ("hidden", 2),
        ("hidden", 0.5),
        ("is_lp", "yes"),
        ("STV", "0.3975"),
        ("STV", True),
        ("STV", -0.01),
        ("STV", float("nan")),
        ("STV", float("inf")),
        ("country_segment", 1),
        ("country_segment", "U\0S"),
        ("country_segment", "U" * 101),
        ("target", "10"),
        ("extra", float("nan")),
        ("extra", {"deep": [1, {"er": float("-inf")}]}),
        ("extra", ["nul \0"]),
    ],
)
def test_bad_values_are_refused_by_name_and_never_repeated(field: str, value: object) -> None:
    with pytest.raises(ValidationError) as caught:
        user(**{field: value})
    assert caught.value.errors()[0]["loc"][0] == field
    assert "input_value" not in str(caught.value)


def test_a_name_with_nul_is_refused() -> None:
    with pytest.raises(ValidationError, match="NUL"):
        user(**{"a\0b": 1})


def test_unknown_columns_are_kept_as_sent() -> None:
    extra = {"campaign": "spring", "scores": [1, 2.5, None], "nested": {"a": True}}
    assert user(**extra).model_extra == extra


def test_numbers_of_rows_are_bounded() -> None:
    with pytest.raises(ValidationError, match="at least 1"):
        Users.model_validate([])
    with pytest.raises(ValidationError, match="at most 10000"):
        Users.model_validate([REQUIRED] * 10_001)
    with pytest.raises(ValidationError, match="at most 10000"):
        Outcomes.model_validate([{"user_id": 1, "target": 1.0}] * 10_001)


def test_a_search_refuses_what_it_does_not_know() -> None:
    with pytest.raises(ValidationError, match="not permitted"):
        PredictionSearch.model_validate({"user": 1})
    with pytest.raises(ValidationError):
        PredictionSearch.model_validate({"page_size": 0})
