import math
from uuid import UUID

import pytest
from sqlalchemy import inspect, select
from support.footprint import unharmed
from support.odd import DATES, EXTRAS, NUMBERS, TEXTS, columns, one_user
from support.services import Service
from support.users import user

from valuebox.compartments.ltv.tables import LtvFeatures

JSON = {"Content-Type": "application/json"}
KNOWN = {name: value for name, value in user().items() if name != "user_id"}
DAY = '"join_date": "2019-08-01"'


def stored(service: Service, body: bytes) -> LtvFeatures:
    """What is in the database of the one user of a body."""
    with unharmed(service, stored=1):
        answer = service.http.post("/v1/ltv/predict", content=body, headers=JSON)
        assert answer.status_code == 200, answer.text
    with service.store.reading() as session:
        request_id = UUID(answer.headers["X-Request-Id"])
        query = select(LtvFeatures).where(LtvFeatures.request_id == request_id)
        return session.scalars(query).one()


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_text_is_text_in_every_column(service: Service, text: str) -> None:
    names = ["credit_card_level", "aff_type", "country_segment"]
    tables = inspect(service.store.engine).get_table_names()
    sent = {"join_date": "2019-08-01", **dict.fromkeys(names, text), "x": text}
    row = stored(service, one_user(21_000_001, columns(sent)))
    assert [getattr(row, name) for name in names] == [text] * 3
    assert row.extra == {"x": text}
    page = service.http.post("/v1/ltv/predictions/search", json={"user_ids": [21_000_001]}).json()
    assert page["predictions"][0]["country_segment"] == text
    assert inspect(service.store.engine).get_table_names() == tables


@pytest.mark.parametrize("extra", EXTRAS.values(), ids=EXTRAS)
def test_unknown_columns_are_stored_whatever_they_are_called(
    service: Service, extra: dict[str, object]
) -> None:
    row = stored(service, one_user(21_000_002, columns({**KNOWN, **extra})))
    assert row.extra == extra
    assert (row.user_id, row.stv, row.hidden) == (21_000_002, 16.277625, 0)


@pytest.mark.parametrize(("text", "value"), NUMBERS.items(), ids=[text[:20] for text in NUMBERS])
def test_numbers_are_stored_as_the_nearest_double(
    service: Service, text: str, value: float
) -> None:
    row = stored(service, one_user(21_000_003, f'{DAY}, "STV": {text}'))
    assert row.stv == value


@pytest.mark.parametrize(("text", "moment"), DATES.items())
def test_moments_at_the_borders(service: Service, text: str, moment: str) -> None:
    row = stored(service, one_user(21_000_004, columns({"join_date": text})))
    assert row.join_date.isoformat() == moment
    page = service.http.post("/v1/ltv/predictions/search", json={"user_ids": [21_000_004]}).json()
    assert page["predictions"][0]["join_date"] == moment


@pytest.mark.parametrize("text", DATES)
def test_moments_at_the_borders_may_be_asked_for(service: Service, text: str) -> None:
    conditions = {"joined_from": text, "joined_before": text}
    answer = service.http.post("/v1/ltv/predictions/search", json=conditions)
    assert answer.json() == {"predictions": [], "next_page": None}


@pytest.mark.parametrize("user_id", [0, 2**31, 2**53 + 1, 2**63 - 1])
def test_ids_are_exact(service: Service, user_id: int) -> None:
    assert stored(service, one_user(user_id, DAY)).user_id == user_id
    page = service.http.post("/v1/ltv/predictions/search", json={"user_ids": [user_id]})
    assert f'"user_id":{user_id},' in page.text


def test_an_outcome_of_minus_zero(service: Service) -> None:
    body = b'[{"user_id": 21000005, "target": -0.0}]'
    service.predict([user(21_000_005)])
    answer = service.http.post("/v1/ltv/outcomes", content=body, headers=JSON)
    assert answer.json()["added"] == 1
    page = service.http.post("/v1/ltv/predictions/search", json={"user_ids": [21_000_005]}).json()
    assert math.isclose(page["predictions"][0]["target"], 0)
    again = service.http.post("/v1/ltv/outcomes", json=[{"user_id": 21_000_005, "target": 0.0}])
    assert again.json()["unchanged"] == 1
