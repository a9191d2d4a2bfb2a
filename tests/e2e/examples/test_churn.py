"""A compartment from another package, without a change in valuebox: examples/churn."""

import ast
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import inspect
from support import churn
from support.churn import CUSTOMERS, SOURCE, put_purchases
from support.commands import valuebox
from support.documents import generator
from support.services import ROOT, Service, running

from valuebox import Client, ServiceError
from valuebox.compartments.api import CustomerPredictions, Store, make_engine

PATH = "/v1/churn/predict"
EVERYBODY = [{"source": SOURCE, "id": f"{who}"} for who in range(CUSTOMERS)]
FILES = sorted((ROOT / "examples" / "churn" / "src").rglob("*.py"))
ASKED = {"customers": EVERYBODY[:10]}


class Shop(NamedTuple):
    """A database with purchases and the package's tables, and a model that has learned of them."""

    environment: dict[str, str]
    store: Store
    tag: str


@contextmanager
def shop(url: str, folder: Path, name: str) -> Iterator[Shop]:
    environment = {**churn.install(folder), "DATABASE_URL": url}
    environment |= {"VALUEBOX_MODEL": "-", "VALUEBOX_RESPONSE_MODEL": "-"}
    assert "the tables of churn are at revision 0001" in churn.run(environment, "db", "upgrade")
    store = Store(make_engine(url))
    put_purchases(store)
    said = churn.run(environment, "churn", "train", "--name", name)
    tag = said.split()[2].rstrip(",")
    assert float(said.split("AUC of ")[1].split()[0]) > 0.8
    yield Shop({**environment, "VALUEBOX_MODELS__CHURN": tag}, store, tag)
    store.close()


def check_answers(service: Service, shop: Shop) -> list[float]:
    """Ask about ten customers in every way, and return what was predicted of them."""
    with Client(service.url) as client:
        (asked,) = [one for one in client.models().questions if one.question == "churn"]
        assert asked.model == shop.tag
        assert asked.asks == "Will this customer still buy within the next 60 days?"
        found = client.call(PATH, ASKED, CustomerPredictions, key="once").content
        assert (found.model, (found.end - found.start).days) == (shop.tag, 60)
        assert [one.id for one in found.customers] == [f"{who}" for who in range(10)]
        again = client.call(PATH, ASKED, CustomerPredictions, key="once")
        assert (again.is_replayed, again.content) == (True, found)
        unknown = {"customers": [{"source": SOURCE, "id": "nobody"}]}
        with pytest.raises(ServiceError) as caught:
            client.call(PATH, unknown, CustomerPredictions)
        assert (caught.value.code, caught.value.problems[0].row) == ("unanswerable", 0)
    return [one.prediction for one in found.customers]


def test_the_package_is_short() -> None:
    assert sum(len(file.read_text().splitlines()) for file in FILES) < 250


def test_it_imports_what_is_public_alone() -> None:
    public = {part.__name__: set(part.__all__) for _, part in generator("reference").PARTS}
    nodes = [node for file in FILES for node in ast.walk(ast.parse(file.read_text()))]
    imported = [node for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    packages = {"valuebox", "valuebox_cli", "valuebox_training"}
    ours = [one for one in imported if one.module.split(".")[0] in packages]
    assert {one.module for one in ours} == public.keys() - {"valuebox"}
    for one in ours:
        assert {name.name for name in one.names} <= public[one.module]


@pytest.mark.slow("examples/churn")
def test_its_own_tests_pass(tmp_path: Path) -> None:
    said = churn.own_tests(churn.install(tmp_path))
    assert re.search(r"\b4 passed", said), said


@pytest.mark.slow("examples/churn", "cli/valuebox_cli/admin")
def test_trained_served_stored_exported_forgotten_and_removed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/valuebox.db"
    with shop(url, tmp_path, "churn-served") as made:
        with running(url, tmp_path, made.environment) as service:
            chances = check_answers(service, made)
            assert min(chances[::2]) > max(chances[1::2])
            assert PATH in service.http.get("/docs.json").json()["paths"]
            metrics = service.http.get("/metrics").text
            assert f'path="{PATH}"' in metrics
            counted = 'valuebox_predictions_total{compartment="churn",segment="unseen"} 10.0'
            assert counted in metrics
        output = churn.run(made.environment, "users", "export", "4", "--source", SOURCE)
        rows = [json.loads(line) for line in output.splitlines()]
        (stored,) = [one for one in rows if one["table"] == "churn_predictions"]
        assert (stored["prediction"], stored["model"]) == (chances[4], made.tag)
        assert stored["known"]["purchases_365"] > stored["known"]["purchases_30"]
        output = churn.run(made.environment, "users", "forget", "4", "--source", SOURCE, "--yes")
        assert "1 churn predictions" in output
        output = churn.run(made.environment, "db", "prune", "--days", "0.0000001")
        assert "9 churn predictions" in output
        said = churn.run(made.environment, "db", "remove", "churn", "--yes")
        assert said == "the tables of churn are gone\n"
        tables = inspect(made.store.engine).get_table_names()
        assert [name for name in tables if "churn" in name] == []
        # Without the package nothing is missed.
        alone = {**made.environment}
        del alone["PYTHONPATH"]
        assert "churn" not in churn.run(alone, "db", "upgrade")


@pytest.mark.slow("examples/churn", "tests/conformance")
def test_it_passes_the_suite_of_all_compartments(tmp_path: Path) -> None:
    """Judged, monitored and drawn on both databases, too; see `examples/churn/case.py`."""
    said = churn.conforms(churn.install(tmp_path))
    assert re.search(r"\b\d\d passed", said), said


def test_the_commands_of_a_package_are_listed_beside_ours(tmp_path: Path) -> None:
    environment = churn.install(tmp_path)
    assert "Say who will still buy within the next 60 days" in churn.run(environment, "--help")
    assert "train" in churn.run(environment, "churn", "--help")
    churn.run({}, "churn", "--help", exit_code=2)


@pytest.mark.slow("examples/churn", "cli/valuebox_cli/new")
def test_a_new_compartment_conforms_at_once(tmp_path: Path) -> None:
    package = tmp_path / "valuebox-wine"
    valuebox("new", "compartment", "wine", "--into", package)
    environment = churn.install(tmp_path, package)
    assert re.search(r"\b4 passed", churn.own_tests(environment, package))
    assert " passed" in churn.conforms(environment, package, "wine")


def test_a_new_compartment_is_a_copy_with_a_name_of_its_own(tmp_path: Path) -> None:
    package = tmp_path / "wine-of-today"
    valuebox("new", "compartment", "late_wine", "--into", package)
    files = {file.relative_to(package) for file in package.rglob("*") if file.is_file()}
    assert Path("src/valuebox_late_wine/migrations/0001_late_wine.py") in files
    texts = {file: (package / file).read_text() for file in files}
    assert [file for file, text in texts.items() if re.search("churn", text, re.I)] == [
        Path("README.md")
    ]
    assert "class LateWineModel(" in texts[Path("src/valuebox_late_wine/model.py")]
    assert 'name = "valuebox-late-wine"' in texts[Path("pyproject.toml")]
    for text in (text for file, text in texts.items() if file.suffix == ".py"):
        ast.parse(text)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("Wine", "a name has at most"),
        ("wine-list", "a name has at most"),
        ("import", "keyword"),
        ("ltv", "'ltv', which is there already, uses that name"),
        ("customers", "'facts', which is there already, uses that name"),
        ("users", "taken"),
        ("training", "taken"),
        ("store", "the service has one"),
        ("churn", "taken"),
    ],
)
def test_a_name_that_no_compartment_can_have_is_refused(
    tmp_path: Path, name: str, why: str
) -> None:
    folder = tmp_path / "package"
    _, said = valuebox("new", "compartment", name, "--into", folder, exit_code=2)
    assert why in said
    assert not folder.exists()


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    _, said = valuebox("new", "compartment", "wine", "--into", tmp_path, exit_code=2)
    assert "is there already" in said
    assert list(tmp_path.iterdir()) == []
