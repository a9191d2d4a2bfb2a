"""A compartment from another package, without a change in valuebox: examples/churn."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import inspect, text
from support import churn
from support.churn import SOURCE, put_purchases
from support.services import ROOT, running

from valuebox import Client, ServiceError
from valuebox.compartments.customers import CustomerPredictions
from valuebox.store.engine import Store, make_engine

if TYPE_CHECKING:
    from support.databases import Postgres

PATH = "/v1/churn/predict"
ASKED = {"customers": [{"source": SOURCE, "id": f"{who}"} for who in range(10)]}


def test_the_package_is_short() -> None:
    files = (ROOT / "examples" / "churn").rglob("*.py")
    assert sum(len(file.read_text().splitlines()) for file in files) < 250


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def test_trained_served_stored_exported_and_forgotten(
    request: pytest.FixtureRequest, kind: str, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/valuebox.db"
    if kind == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        url = server.new_database()
    environment = {**churn.install(tmp_path), "DATABASE_URL": url}
    environment["VALUEBOX_MODEL"] = environment["VALUEBOX_RESPONSE_MODEL"] = "-"

    assert "the tables of churn are at revision 0001" in churn.run(environment, "db", "upgrade")
    store = Store(make_engine(url))
    put_purchases(store)
    said = churn.run(environment, "churn", "train", "--name", f"churn-{kind}")
    tag = said.split()[2].rstrip(",")
    assert float(said.split("AUC of ")[1].split()[0]) > 0.8

    environment["VALUEBOX_MODELS__CHURN"] = tag
    with running(url, tmp_path, environment) as service, Client(service.url) as client:
        (asked,) = [one for one in client.models().questions if one.question == "churn"]
        assert (asked.model, asked.asks) == (
            tag,
            "Will this customer still buy within the next 60 days?",
        )
        answer = client.call(PATH, ASKED, CustomerPredictions, key="once")
        found = answer.content
        assert (found.model, (found.end - found.start).days) == (tag, 60)
        assert [one.id for one in found.customers] == [f"{who}" for who in range(10)]
        chances = [one.prediction for one in found.customers]
        assert min(chances[::2]) > max(chances[1::2])
        again = client.call(PATH, ASKED, CustomerPredictions, key="once")
        assert (again.is_replayed, again.content) == (True, found)
        unknown = {"customers": [{"source": SOURCE, "id": "nobody"}]}
        with pytest.raises(ServiceError) as caught:
            client.call(PATH, unknown, CustomerPredictions)
        assert (caught.value.code, caught.value.problems[0].row) == ("unanswerable", 0)
        assert PATH in service.http.get("/docs.json").json()["paths"]
        assert f'path="{PATH}"' in service.http.get("/metrics").text

        output = churn.run(environment, "users", "export", "4", "--source", SOURCE)
        (stored,) = [
            one
            for one in map(json.loads, output.splitlines())
            if one["table"] == "churn_predictions"
        ]
        assert (stored["prediction"], stored["model"]) == (chances[4], tag)
        output = churn.run(environment, "users", "forget", "4", "--source", SOURCE, "--yes")
        assert "1 churn predictions" in output
        with pytest.raises(ServiceError) as caught:
            client.call(PATH, ASKED, CustomerPredictions, key="once")
        assert caught.value.code == "unanswerable"
    assert "9 churn predictions" in churn.run(environment, "db", "prune", "--days", "0.0000001")

    # Without the package everything goes on, and its tables stay until they are taken away.
    alone = {name: value for name, value in environment.items() if name != "PYTHONPATH"}
    assert "churn" not in churn.run(alone, "db", "upgrade")
    assert "the tables of churn are gone" in churn.run(
        environment, "db", "remove", "churn", "--yes"
    )
    assert [name for name in inspect(store.engine).get_table_names() if "churn" in name] == []
    with store.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM schema_promise")) == 1
    store.close()


def test_the_commands_of_a_package_are_listed_beside_ours(tmp_path: Path) -> None:
    environment = churn.install(tmp_path)
    said = churn.run(environment, "--help")
    assert "Say who will still buy within the next 60 days" in said
    assert "train" in churn.run(environment, "churn", "--help")
    churn.run({}, "churn", "--help", exit_code=2)
