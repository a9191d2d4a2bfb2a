import os
import sys
from pathlib import Path

import bentoml
import httpx
import pytest
from support import warm
from support.databases import count_rows
from support.services import ROOT, running
from support.users import add_predictions, estimates, received, user, users

from valuebox.compartments.ltv.features import FEATURES
from valuebox.compartments.ltv.model import LtvModel
from valuebox.store import migrate
from valuebox.store.engine import Store, make_engine
from valuebox.store.ids import new_id
from valuebox_cli.server import serving


def bentoml_command(*arguments: object, folder: Path, home: str) -> str:
    done = warm.run(
        [sys.executable, "-m", "bentoml", *map(str, arguments)],
        cwd=folder,
        env={**os.environ, "BENTOML_HOME": home},
        stderr=None,
        timeout=120,
    )
    done.check_returncode()
    return done.stdout


@pytest.fixture(scope="module")
def bento(model_tag: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """Tag of a Bento, and a BENTOML_HOME that holds it and what came along, no more."""
    folder = tmp_path_factory.mktemp("bento")
    source = os.environ["BENTOML_HOME"]
    built = bentoml_command("build", "--output", "tag", folder=ROOT, home=source)
    tag = built.split("__tag__:")[1].strip()
    # By its suffix it is not compressed, which takes seconds.
    file = folder / "exported.tar"
    bentoml_command("export", tag, file, folder=ROOT, home=source)
    home = folder / "home"
    bentoml_command("import", file, folder=ROOT, home=str(home))
    return tag, home


@pytest.mark.slow
def test_a_bento_serves_its_own_model_anywhere_and_stores_where_it_was_started(
    bento: tuple[str, Path], tmp_path: Path
) -> None:
    tag, home = bento
    model = LtvModel.load(str(bentoml.models.get("ltv:latest").tag))
    sent = users(500, missing=0.1)
    columns = {name: [one.get(name) for one in sent] for name in FEATURES}
    with (
        serving(tag, tmp_path, {"BENTOML_HOME": str(home)}) as url,
        httpx.Client(base_url=url, timeout=60) as http,
    ):
        answer = http.post("/v1/ltv/predict", json=sent)
        assert answer.status_code == 200, answer.text
        predictions = answer.json()
        assert {one["model"] for one in predictions} == {model.tag}
        assert [one["prediction"] for one in predictions] == model.predict(columns).tolist()
        assert "The first rows have arrived" in http.get("/dashboard?compartment=ltv").text
    store = Store(make_engine(f"sqlite:///{tmp_path}/valuebox.db"))
    assert count_rows(store)["ltv_predictions"] == len(sent)
    store.close()


@pytest.mark.slow("src/valuebox/compartments/ltv")
def test_a_bento_runs_its_own_source_on_the_database_it_finds(
    bento: tuple[str, Path], tmp_path: Path
) -> None:
    tag, home = bento
    # The working tree is installed here as well; only the Bento's copy says this. Served by
    # folder: BentoML takes a tag for `module:attribute` first, and so finds the installed one.
    content = home / "bentos" / tag.replace(":", "/")
    source = content / "src" / "valuebox" / "serving" / "errors.py"
    source.write_text(source.read_text().replace("nothing at this address", "nothing in this box"))
    url = f"sqlite:///{tmp_path}/valuebox.db"
    store = Store(make_engine(url))
    migrate.upgrade(store.engine)
    with store.writing() as session:
        add_predictions(session, new_id(), received([user(1)]), estimates(1.5), "ltv:before")
    with running(url, tmp_path, {"BENTOML_HOME": str(home)}, bento=str(content)) as service:
        assert "nothing in this box" in service.http.get("/nowhere").text
        page = service.http.post("/v1/ltv/predictions/search", json={"user_ids": [1]}).json()
        assert [one["prediction"] for one in page["predictions"]] == [1.5]
    assert count_rows(store)["ltv_predictions"] == 1
    store.close()


@pytest.mark.slow("src/valuebox/store", "bentofile.yaml")
def test_a_bento_holds_source_and_model_and_no_data(bento: tuple[str, Path]) -> None:
    tag, home = bento
    content = home / "bentos" / tag.replace(":", "/")
    files = {str(path.relative_to(content)) for path in content.rglob("*") if path.is_file()}
    assert "src/valuebox/store/migrations/versions/0001_ltv.py" in files
    assert "src/requirements.txt" in files
    assert [file for file in files if file.endswith((".csv", ".db", ".pkl", ".pickle"))] == []
    assert [file for file in files if "valuebox_cli" in file or "valuebox_training" in file] == []
