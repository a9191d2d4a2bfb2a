"""Whoever is forgotten is in nothing any more that a running service tells or has written."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from support.commands import valuebox
from support.databases import BACKENDS, migrated_database
from support.dumps import held
from support.facts import customer, event
from support.responded import fold as fold_responses
from support.services import Service, running
from support.sums import fold
from support.users import users

from valuebox.compartments.ltv.model import LtvModel
from valuebox.compartments.register import ledgers
from valuebox.compartments.response.tables import ResponsePrediction
from valuebox.dashboard.panels import PANELS
from valuebox.serving.errors import IDEMPOTENCY_KEY_HEADER
from valuebox.store.ids import new_id

USER = {
    "user_id": 424242420007,
    "join_date": "2019-07-13T07:13:37",
    "STV": 31.4159271,
    "country_segment": "Atlantis-7",
    "aff_type": "whisper-7",
    "target": 271.8281845,
}
CUSTOMER = "customer-of-atlantis"
FACTS: dict[str, list[dict[str, Any]]] = {
    "/v1/customers": [customer(CUSTOMER, attributes={"campaign": "only-for-one"})],
    "/v1/events": [
        event(
            number,
            id=f"secret-{number}",
            customer=CUSTOMER,
            amount=161.8033,
            properties={"category": "ambrosia-7"},
        )
        for number in range(3)
    ],
}
TRACES = ("424242420007", "Atlantis-7", "whisper-7", "31.4159271", "271.8281845")
TRACES += (CUSTOMER, "only-for-one", "secret-1", "161.8033", "ambrosia-7")


def told(service: Service, replayed: str) -> dict[str, str]:
    """What the service says to whoever asks, by what it is that says so."""
    ask = service.http
    search = {"user_ids": [USER["user_id"]]}
    key = {IDEMPOTENCY_KEY_HEADER: replayed}
    found = {
        "replay": ask.post("/v1/ltv/predict", json=[USER], headers=key).text,
        "search": ask.post("/v1/ltv/predictions/search", json=search).text,
        "report": ask.post("/v1/growth/report", json={}).text,
        "dashboard": ask.get("/dashboard").text,
        "metrics": ask.get("/metrics").text,
    }
    for compartment in ledgers():
        asked = f"compartment={compartment}"
        found |= {
            f"{name} of {compartment}": ask.get(f"/dashboard/{name}.csv?{asked}").text
            for name in PANELS
        }
        found[f"page of {compartment}"] = ask.get(f"/dashboard?{asked}").text
    # Last, so that it has a line for each of these.
    return found | {"log": service.log()}


def predicted_response() -> ResponsePrediction:
    now = datetime.now(UTC)
    return ResponsePrediction(
        id=new_id(),
        request_id=new_id(),
        source="shop",
        customer=CUSTOMER,
        starts_at=now,
        ends_at=now,
        response="bought",
        category="ambrosia-7",
        probability=0.25,
        model="response:one",
        predicted_at=now,
    )


@pytest.mark.parametrize("kind", BACKENDS)
def test_nothing_is_told_or_kept_of_whom_was_forgotten(
    request: pytest.FixtureRequest, kind: str, tmp_path: Path, model: LtvModel
) -> None:
    url = migrated_database(request, kind, tmp_path)
    # The least that the dashboard tells of, so that a cohort of one would be seen.
    settings = {"VALUEBOX_MODEL": model.tag, "VALUEBOX_LEAST_USERS": "1"}
    with running(url, tmp_path, settings) as service:
        service.predict(users(60))
        key = {IDEMPOTENCY_KEY_HEADER: "nightly-7"}
        first = service.http.post("/v1/ltv/predict", json=[USER], headers=key).json()
        for path, facts in FACTS.items():
            assert service.http.post(path, json=facts).status_code == 200
        with service.store.writing() as session:
            session.add(predicted_response())
        fold(service.store)
        fold_responses(service.store)
        before = told(service, "nightly-7")
        made = (*TRACES, first[0]["prediction_id"], str(first[0]["prediction"]))
        texts = "".join(before.values())
        assert [
            one
            for one in ("424242420007", "Atlantis-7", "271.8281845", "bought: ambrosia-7")
            if one not in texts
        ] == []
        kept = held(url)
        if kind == "postgresql":
            assert [one for one in made if one.encode() not in kept] == []

        whose = ("--yes", "--database-url", url)
        valuebox("users", "forget", USER["user_id"], *whose)
        valuebox("users", "forget", CUSTOMER, "--source", "shop", *whose)

        after = told(service, "nightly-7")
        assert '"answer_gone"' in after["replay"]
        for name, text in after.items():
            assert [one for one in made if one in text] == [], name
        kept = held(url)
        assert [one for one in made if one.encode() in kept] == []
