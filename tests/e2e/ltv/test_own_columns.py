"""A service whose model brings columns: it takes, stores, exports, forgets, watches them."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import select
from support.commands import valuebox
from support.databases import BACKENDS, migrated_database
from support.own_columns import OWN
from support.services import Kept, Service, eventually, running
from support.sums import fold
from support.users import user

from valuebox.compartments.ltv.ledger import LEDGER
from valuebox.compartments.ltv.model import LtvModel
from valuebox.compartments.ltv.tables import LtvFeatures

PREDICT, BULK = "/v1/ltv/predict", "/v1/ltv/predict/bulk"


@pytest.fixture(scope="module", params=BACKENDS)
def service(
    request: pytest.FixtureRequest,
    kept: Kept,
    tmp_path_factory: pytest.TempPathFactory,
    own_tag: str,
) -> Service:
    def start() -> Any:
        folder = tmp_path_factory.mktemp("own columns")
        url = migrated_database(request, request.param, folder)
        return running(url, folder, {"VALUEBOX_MODEL": own_tag})

    return kept.service(f"own columns {request.param}", start)


def by_column(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    names = {name: None for row in rows for name in row}
    return {name: [row.get(name) for row in rows] for name in names}


def extra_of(service: Service, *user_ids: int) -> list[Any]:
    query = select(LtvFeatures.extra).where(LtvFeatures.user_id.in_(user_ids))
    with service.store.reading() as session:
        return session.scalars(query.order_by(LtvFeatures.id)).all()


@pytest.mark.parametrize("count", [1, 3, 300])
def test_columns_are_predicted_by_and_stored_by_row_and_by_column(
    service: Service, own_tag: str, count: int
) -> None:
    first = 1_000 * count
    sent = [user(first + place, **OWN | {"visits": place % 40}) for place in range(count)]
    model = LtvModel.load(own_tag)
    columns = by_column(sent)
    expected = model.predict({name: columns[name] for name in model.shape.features})
    said = service.predict(sent)
    assert [one["prediction"] for one in said] == pytest.approx(expected.tolist())
    table = service.http.post(BULK, json=by_column(sent))
    assert table.json()["prediction"] == pytest.approx(expected.tolist())
    stored = extra_of(service, first)
    assert stored == [{**OWN, "app": 1, "visits": 0}] * 2


def test_what_is_missing_is_not_stored_and_what_nobody_knows_is(service: Service) -> None:
    service.predict([user(501, device="tablet", visits=None, coupon="x")])
    assert extra_of(service, 501) == [{"coupon": "x", "device": "tablet"}]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"visits": 10_001}, "Input should be less than or equal to 10000"),
        ({"visits": 1.5}, "Input should be a valid integer"),
        ({"visits": "3"}, "Input should be a valid integer"),
        ({"minutes": -0.5}, "Input should be greater than or equal to 0"),
        ({"app": 3}, "Input should be less than or equal to 1"),
        ({"device": "fridge"}, "Input should be 'phone', 'tablet' or 'computer'"),
        ({"device": None}, "Input should be 'phone', 'tablet' or 'computer'"),
    ],
)
@pytest.mark.parametrize("path", [PREDICT, BULK])
def test_what_is_not_as_declared_is_refused_by_row_and_field(
    service: Service, path: str, wrong: dict[str, Any], message: str
) -> None:
    sent = [user(601, **OWN), user(602, **OWN | wrong)]
    answer = service.http.post(path, json=sent if path == PREDICT else by_column(sent))
    assert answer.json()["error"]["code"] == "invalid_input"
    (problem,) = answer.json()["error"]["problems"]
    (field,) = wrong
    assert (problem["row"], problem["field"]) == (1, field)
    assert problem["message"].startswith(message)
    assert extra_of(service, 601, 602) == []


def test_a_column_that_no_user_may_lack_is_asked_for(service: Service) -> None:
    answer = service.http.post(PREDICT, json=[user(603)])
    (problem,) = answer.json()["error"]["problems"]
    assert (problem["row"], problem["field"]) == (0, "device")


def test_the_document_and_the_card_tell_of_the_columns(service: Service) -> None:
    schemas = service.http.get("/docs.json").json()["components"]["schemas"]
    visits = schemas["User"]["properties"]["visits"]
    whole = next(one for one in visits["anyOf"] if one.get("type") == "integer")
    assert (whole["minimum"], whole["maximum"]) == (0, 10_000)
    assert visits["description"] == "Visits within the first four days."
    assert "device" in schemas["User"]["required"]
    assert "visits" in schemas["UserTable"]["properties"]
    card = service.http.post("/v1/ltv/model", json={}).json()
    assert card["columns"]["columns"]["device"]["categories"] == ["phone", "tablet", "computer"]


def test_rows_are_exported_and_forgotten_with_the_columns(service: Service) -> None:
    service.predict([user(701, **OWN)])
    database = "--database-url", service.database_url
    told, _ = valuebox("users", "export", 701, *database)
    (features,) = [
        one for one in map(json.loads, told.splitlines()) if one["table"] == "ltv_features"
    ]
    assert features["extra"]["visits"] == 3
    valuebox("users", "forget", 701, "--yes", *database)
    assert extra_of(service, 701) == []


def test_drift_of_the_columns_is_watched(service: Service, own_tag: str) -> None:
    service.predict([user(800 + place, **OWN | {"visits": 45}) for place in range(100)])
    fold(service.store)
    bins = LEDGER.sums.feature_bins
    with service.store.reading() as session:
        query = select(bins.feature, bins.bin, bins.rows).where(bins.model == own_tag)
        found = session.execute(query).all()
    reference = LtvModel.load(own_tag).reference
    for name, value in (("visits", 45), ("device", "phone"), ("app", 1), ("minutes", 12.5)):
        (code,) = reference.features[name].codes([value])
        assert sum(rows for feature, at, rows in found if (feature, at) == (name, code)) >= 100


def test_evaluate_sends_typed_columns_and_models_are_compared_by_them(
    service: Service, own_dir: Path, own_tag: str, tmp_path: Path
) -> None:
    users = pd.read_csv(own_dir / "valid.csv").head(300)
    users.to_csv(tmp_path / "users.csv", index=False)
    where = "--url", service.url
    valuebox("evaluate", tmp_path / "users.csv", *where, "--predictions", tmp_path / "said.csv")
    model = LtvModel.load(own_tag)
    columns = {name: users[name].where(users[name].notna(), None).tolist() for name in users}
    said = pd.read_csv(tmp_path / "said.csv")["prediction"].tolist()
    assert said == pytest.approx(model.predict(columns).tolist())
    outcomes = [
        {"user_id": one, "target": target}
        for one, target in zip(users["user_id"].tolist(), users["target"].tolist(), strict=True)
    ]
    assert service.http.post("/v1/ltv/outcomes", json=outcomes).is_success
    database = "--database-url", service.database_url
    told, _ = valuebox("models", "compare", own_tag, own_tag, *database)
    assert "300 users who joined" in told
    first, second = [line for line in told.splitlines() if "user by user" in line]
    assert first.replace("first", "") == second.replace("second", "")
    mae = float(first.partition("mean absolute error ")[2].partition(",")[0])
    assert mae == pytest.approx((pd.Series(said) - users["target"]).abs().mean(), abs=0.002)


def test_evaluate_tells_or_refuses_a_file_that_lacks_such_a_column(
    service: Service, own_dir: Path, tmp_path: Path
) -> None:
    users = pd.read_csv(own_dir / "valid.csv").head(5)
    users.rename(columns={"visits": "Visits"}).drop(columns="STV").to_csv(tmp_path / "near.csv")
    where = "--url", service.url
    _, err = valuebox("evaluate", tmp_path / "near.csv", *where)
    assert "is visits meant?" in err
    assert "No column is called STV or visits" in err
    where += "--strict", "--run", "lacking"
    users.rename(columns={"visits": "Visits"}).to_csv(tmp_path / "near.csv")
    _, err = valuebox("evaluate", tmp_path / "near.csv", *where, exit_code=2)
    assert "is visits meant?" in err
    assert "refused, because of --strict" in err


def test_metrics_count_what_is_missing(service: Service) -> None:
    service.predict([user(901, device="phone")])
    line = 'valuebox_missing_values_total{compartment="ltv",feature="visits"}'
    eventually(lambda: line in service.http.get("/metrics").text, 5)
