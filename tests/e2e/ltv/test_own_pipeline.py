"""A service that answers by an estimator of one's own, whose module lies where it was learned."""

from pathlib import Path

import pytest
from support.commands import valuebox
from support.services import ROOT, running
from support.sqlite_files import migrated_sqlite
from support.users import users

from valuebox.compartments.ltv.model import LtvModel
from valuebox.models import registry
from valuebox_cli.terminal.console import Unreachable

pytestmark = [
    pytest.mark.sqlite_alone,
    pytest.mark.slow(
        "examples/pipeline", "training/valuebox_training/ltv", "src/valuebox/compartments/ltv"
    ),
]


@pytest.fixture(scope="module")
def tag(data_dir: Path) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT / "examples" / "pipeline")
        file = "--train", data_dir / "train.csv"
        valuebox("train", *file, "--pipeline", "mine:two_stages", "--model", "stages", "--force")
    return registry.find("stages")


def test_the_example_is_served_stored_and_named_by_its_card(
    tag: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"VALUEBOX_MODEL": tag, "VALUEBOX_TRUST_PIPELINES": "1"}
    sent = users(50, missing=0.3, seed=4)
    with running(migrated_sqlite(tmp_path), tmp_path, settings) as service:
        said = service.predict(sent)
        alone = service.predict(sent[:1])
        stored = service.http.post("/v1/ltv/predictions/search", json={}).json()["predictions"]
        card = service.http.post("/v1/ltv/model", json={}).json()
    monkeypatch.setenv("VALUEBOX_TRUST_PIPELINES", "1")
    expected = LtvModel.load(tag).predict(
        {name: [one.get(name) for one in sent] for name in sent[0]}
    )
    assert [one["prediction"] for one in said] == pytest.approx(expected.tolist())
    assert expected.std() > 5
    assert alone[0]["prediction"] == pytest.approx(said[0]["prediction"])
    assert {one["model"] for one in stored} == {tag}
    assert card["metadata"]["pipeline"]["factory"] == "mine:two_stages"
    assert "scikit-learn" in card["metadata"]["pipeline"]["needs"]


def test_a_service_that_may_not_run_code_does_not_start(tag: str, tmp_path: Path) -> None:
    with (
        pytest.raises(Unreachable, match="VALUEBOX_TRUST_PIPELINES=1"),
        running(migrated_sqlite(tmp_path), tmp_path, {"VALUEBOX_MODEL": tag}),
    ):
        pass


def test_packages_that_the_image_lacks_are_told(tag: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VALUEBOX_MODEL", tag)
    _, err = valuebox("models", "bentofile", ROOT / "bentofile.yaml")
    assert f"{tag} needs" in err
    assert "scikit-learn==" in err
