import json
import re
import time
from datetime import date, datetime, timedelta

import pytest
from pydantic import BaseModel, ValidationError

from valuebox.compartments.ltv.schemas import Outcomes, PredictionSearch, User, Users

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
        ("is_lp", "1"),
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


@pytest.mark.parametrize(
    ("model", "body", "where"),
    [
        (Users, '[{"user_id": 1, "join_date": "2019-08-01", "user_id": 2}]', (0, "user_id")),
        (Users, '[{"user_id": 1, "join_date": "2019-08-01", "x": 1, "\\u0078": 1}]', (0, "x")),
        (
            Users,
            '[{"user_id": 1, "join_date": "2019-08-01", "x": [1, {"y": {"z": 1, "z": 1}}]}]',
            (0, "x", 1, "y", "z"),
        ),
        (
            Outcomes,
            '[{"user_id": 1, "target": 1}, {"user_id": 1, "target": 1, "target": 2}]',
            (1, "target"),
        ),
        (PredictionSearch, '{"page_size": 1, "page_size": 2}', ("page_size",)),
    ],
)
def test_a_key_named_twice_is_refused(
    model: type[BaseModel], body: str, where: tuple[str | int, ...]
) -> None:
    with pytest.raises(ValidationError, match="this once") as caught:
        model.model_validate_json(body)
    assert caught.value.errors()[0]["loc"] == where


def test_the_second_of_very_many_keys_is_found_at_once() -> None:
    columns = ", ".join(f'"column_{n}": 1' for n in range(100_000))
    body = f'[{{"user_id": 1, "join_date": "2019-08-01", {columns}, "column_99999": 2}}]'
    started = time.monotonic()
    with pytest.raises(ValidationError, match="this once"):
        Users.model_validate_json(body)
    # It took minutes while every key was looked for among all others.
    assert time.monotonic() - started < 10


def test_the_documented_pattern_of_a_moment_knows_the_calendar() -> None:
    documented = re.compile(User.model_json_schema()["properties"]["join_date"]["pattern"])
    day = date(1968, 1, 1)
    while day < date(2202, 1, 1):
        assert bool(documented.search(day.isoformat())) == (1970 <= day.year <= 2199)
        day += timedelta(days=1)
    for wrong in ("2019-02-29", "2100-02-29", "2019-04-31", "2019-08-01T24:00", "2019-8-1"):
        assert not documented.search(wrong)
        with pytest.raises(ValidationError):
            user(join_date=wrong)


@pytest.mark.parametrize(
    "sent",
    [
        "2020-02-29",
        "2019-08-01 10:20",
        "2019-08-01t10:20z",
        "2019-08-01_10:20:30,5",
        "1970-01-01T00:00+05:30",
    ],
)
def test_what_the_documented_pattern_allows_is_taken(sent: str) -> None:
    documented = User.model_json_schema()["properties"]["join_date"]["pattern"]
    assert re.search(documented, sent)
    assert user(join_date=sent).join_date.tzinfo is None


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
