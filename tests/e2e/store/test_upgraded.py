"""A database and models of an earlier version, served by this one without anything being lost."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from support.commands import valuebox
from support.databases import BACKENDS, empty_database
from support.released import first_response_model, saved_then, stored_then
from support.services import Service, running
from support.sums import fold
from support.users import user

from valuebox.compartments.ltv.model import LtvModel
from valuebox.store.engine import make_engine
from valuebox.store.ids import new_id

PREDICT, SEARCH = "/v1/ltv/predict", "/v1/ltv/predictions/search"
RESPONSE = "/v1/growth/response"
KEY = "nightly-1"
SENT = [user(number, country_segment="Atlantis", STV=None) for number in (1, 2, 3)]
FOURTH = user(4, country_segment="Atlantis")
SAID = ((1, 11.5, 10.0, 14.0), (2, 12.5, 11.0, 15.0), (3, 13.5, 12.0, 16.0))
"""Of each user then: the prediction, and the ends of its interval."""
RELEASE = "0009"
"""The revision of the database before responses were judged and summed."""
NAMES = ("user_id", "prediction", "lower", "upper")
NOW = datetime.now(UTC)


@dataclass(frozen=True)
class Then:
    """What a version of before has answered and stored."""

    request_id: UUID
    body: bytes
    rows: dict[str, list[dict[str, Any]]]


def then(model: str, response_model: str) -> Then:
    """Three users, one of them with an outcome, a customer with events, and what was predicted."""
    request_id, ids, body = new_id(), sorted(new_id() for _ in SENT), json.dumps(SENT).encode()
    came = {"received_at": NOW, "changed_at": NOW}
    rows: dict[str, list[dict[str, Any]]] = {
        "ltv_features": [
            {
                **{"id": id_, "request_id": request_id, "received_at": NOW, "user_id": one},
                **{"join_date": datetime(2019, 8, 1, 0, 0, 21), "country_segment": "Atlantis"},
            }
            for id_, (one, *_) in zip(ids, SAID, strict=True)
        ],
        "ltv_predictions": [
            {
                **{"id": id_, "features_id": id_, "model": model, "predicted_at": NOW},
                **{"prediction": said, "lower": lower, "upper": upper},
            }
            for id_, (_, said, lower, upper) in zip(ids, SAID, strict=True)
        ],
        "ltv_outcomes": [
            {"user_id": 1, "target": 12.25, "first_reported_at": NOW, "changed_at": NOW}
        ],
        "idempotent_requests": [
            {
                **{"caller_id": "", "key": KEY, "request_id": request_id, "claimed_at": NOW},
                "body_sha256": sha256(PREDICT.encode() + b"\0" + body).hexdigest(),
            }
        ],
        "customers": [{"source": "shop", "id": "anna", "created": NOW - timedelta(90), **came}],
        "events": [
            {
                **{"source": "shop", "id": str(days), "customer": "anna", "type": "bought"},
                **{"time": NOW - timedelta(days), "amount": 9.5, "received_at": NOW},
            }
            for days in (3, 40, 70)
        ],
        "response_predictions": [
            {
                **{"id": new_id(), "request_id": new_id(), "source": "shop", "customer": "anna"},
                **{"starts_at": NOW - timedelta(60), "ends_at": NOW - timedelta(30)},
                **{"response": "bought", "probability": 0.625, "model": response_model},
                "predicted_at": NOW - timedelta(60),
            }
        ],
    }
    return Then(request_id, body, rows)


def cohorts(service: Service) -> list[list[str]]:
    """The cohorts of the dashboard's table, without its head."""
    table = service.http.get("/dashboard/cohorts.csv?from=2019-08-01&to=2019-08-01").text
    return [line.split(",") for line in table.splitlines()[1:]]


@pytest.mark.parametrize(("kind", "format_"), list(zip(BACKENDS, (3, 2), strict=True)))
@pytest.mark.slow("src/valuebox/compartments", "src/valuebox/store")
def test_what_an_earlier_version_stored_is_served(
    request: pytest.FixtureRequest, kind: str, format_: int, model: LtvModel, tmp_path: Path
) -> None:
    request.param = kind
    url = empty_database(request, tmp_path)
    old, (response_model, _) = saved_then(model, format_), first_response_model("old-response")
    left = then(old.tag, response_model)
    engine = make_engine(url)
    stored_then(engine, RELEASE, left.rows)
    engine.dispose()

    settings = {
        "VALUEBOX_MODEL": old.tag,
        "VALUEBOX_RESPONSE_MODEL": response_model,
        "VALUEBOX_LEAST_USERS": "1",
    }
    with running(url, tmp_path, settings) as service:
        # A request of then is answered as it was, and stored no second time.
        headers = {"Idempotency-Key": KEY, "Content-Type": "application/json"}
        again = service.http.post(PREDICT, content=left.body, headers=headers)
        assert (again.status_code, again.headers["Idempotent-Replayed"]) == (200, "true")
        assert again.headers["X-Request-Id"] == str(left.request_id)
        told = [tuple(one[name] for name in NAMES) for one in again.json()]
        assert told == list(SAID)
        assert service.count_rows()["ltv_features"] == len(SENT)

        # Its rows are found, with the outcome of one of them.
        page = service.http.post(SEARCH, json={"user_ids": [1, 2, 3]}).json()
        found = {one["user_id"]: one for one in page["predictions"]}
        assert [(one, *(found[one][name] for name in NAMES[1:])) for one in (1, 2, 3)] == told
        assert [found[one]["target"] for one in (1, 2, 3)] == [12.25, None, None]
        assert {one["model"] for one in found.values()} == {old.tag}

        # They are in the sums, beside what comes now.
        (said,) = service.predict([FOURTH])
        (expected,) = old.predict({name: [value] for name, value in FOURTH.items()})
        assert said["prediction"] == pytest.approx(expected, rel=1e-5)
        fold(service.store)
        assert [row[:4] for row in cohorts(service)] == [["Atlantis", "2019-08-01", "4", "1"]]

        # A customer of then is predicted by the model of then, and what was said is found.
        asked = {"customers": [{"source": "shop", "id": "anna"}]}
        answer = service.http.post(RESPONSE, json=asked)
        assert (answer.status_code, answer.json()["model"]) == (200, response_model)
        page = service.http.post(f"{RESPONSE}/search", json=asked).json()
        assert 0.625 in {one["probability"] for one in page["predictions"]}

        # Commands work on it; a model of the older format cannot tell what it was trained on.
        output, _ = valuebox("monitor", "--database-url", url, exit_code={3: 1, 2: 3}[format_])
        assert ("unseen values of country_segment 100.0%" in output) == (format_ == 3)
        whose = ("--yes", "--database-url", url)
        valuebox("users", "forget", "1", *whose)
        valuebox("users", "forget", "anna", "--source", "shop", *whose)
        page = service.http.post(SEARCH, json={"user_ids": [1, 2]}).json()
        assert [one["user_id"] for one in page["predictions"]] == [2]
        assert service.http.post(f"{RESPONSE}/search", json=asked).json()["predictions"] == []
