import json
import shutil
from dataclasses import replace
from pathlib import Path

import bentoml
import numpy as np
import pandas as pd
import pytest

from valuebox.compartments.ltv.features import FEATURES
from valuebox.compartments.ltv.files import columns_of, read_users
from valuebox.compartments.ltv.model import LtvModel
from valuebox.compartments.ltv.schemas import User
from valuebox.features.bins import Reference
from valuebox.models.registry import MANIFEST, ArtifactMissing, ArtifactRefused
from valuebox.statistics.level import Level
from valuebox_training.ltv import pipeline


@pytest.fixture(scope="module")
def users(data_dir: Path) -> pd.DataFrame:
    return read_users(data_dir / "train.csv")


@pytest.fixture(scope="module")
def fitted(users: pd.DataFrame) -> pipeline.Pipeline:
    return pipeline.fit(users)


@pytest.fixture(scope="module")
def whole(
    fitted: pipeline.Pipeline, users: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path]:
    """Tag of a saved model, and a copy of its folder."""
    tag = pipeline.to_model(fitted, users).save("damaged", {}, {})
    copy = tmp_path_factory.mktemp("whole") / "model"
    shutil.copytree(bentoml.models.get(tag).path, copy)
    return tag, copy


@pytest.fixture
def saved(whole: tuple[str, Path]) -> tuple[str, Path]:
    """The model as it was saved, whatever the test before has damaged."""
    tag, copy = whole
    folder = Path(bentoml.models.get(tag).path)
    shutil.rmtree(folder)
    shutil.copytree(copy, folder)
    return tag, folder


def as_requests(users: pd.DataFrame) -> dict[str, list[object]]:
    """The same users as the service gets them: through JSON and the request schema."""
    rows = json.loads(users.drop(columns="target").to_json(orient="records", date_format="iso"))
    received = [User.model_validate_json(json.dumps(row)) for row in rows]
    return {name: [getattr(row, name) for row in received] for name in FEATURES}


def with_gaps(users: pd.DataFrame, share: float) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    gaps = {name: users[name].mask(rng.random(len(users)) < share) for name in FEATURES}
    return users.assign(**gaps)


@pytest.mark.parametrize("share", [0.0, 0.1, 1.0])
def test_training_and_serving_agree_to_the_last_bit(
    users: pd.DataFrame, fitted: pipeline.Pipeline, saved: tuple[str, Path], share: float
) -> None:
    users = with_gaps(users, share)
    users.loc[::7, "country_segment"] = "never seen"
    model = LtvModel.load(saved[0])
    said = fitted.predict(users).astype(np.float64)
    in_training = model.paid.bounded(said, users["STV"].to_numpy())
    in_service = replace(model, level=Level()).predict(as_requests(users))
    np.testing.assert_array_equal(in_service, in_training)
    corrected = model.level.corrected(in_training, users["STV"].to_numpy())
    np.testing.assert_array_equal(model.predict(as_requests(users)), corrected)
    assert np.isfinite(in_service).all()


def test_one_user_is_predicted_as_among_others(
    users: pd.DataFrame, saved: tuple[str, Path]
) -> None:
    model = LtvModel.load(saved[0])
    together = model.predict(columns_of(users.head(50)))
    alone = [model.predict(columns_of(users.iloc[[i]]))[0] for i in range(50)]
    assert together.tolist() == alone


def test_an_unseen_segment_is_predicted_like_an_average_one(
    users: pd.DataFrame, saved: tuple[str, Path]
) -> None:
    model = LtvModel.load(saved[0])
    known = model.predict(columns_of(users)).mean()
    unseen = model.predict(columns_of(users.assign(country_segment="XX"))).mean()
    assert unseen == pytest.approx(known, rel=0.1)


def test_a_feature_that_no_training_user_had_is_not_missed(model: LtvModel) -> None:
    assert model.names.heading(["user_id"]).absent == [*FEATURES]
    had = model.reference.numbers["is_lp"]
    numbers = {**model.reference.numbers, "is_lp": had.model_copy(update={"users": [0, 0, 9]})}
    reference = Reference.model_validate({**model.reference.model_dump(), "numbers": numbers})
    lacking = replace(model, reference=reference).names.heading(["user_id"]).absent
    assert lacking == [name for name in FEATURES if name != "is_lp"]
    assert replace(model, reference=None).names == model.shape.names


def test_the_artifact_holds_plain_files_only(saved: tuple[str, Path]) -> None:
    files = {path.name for path in saved[1].iterdir()}
    assert files == {
        *("model.yaml", "manifest.json", "booster.ubj"),
        *("encoder.json", "drift.json", "uncertainty.json", "baseline.json", "golden.json"),
        *("contributions.json", "reference.json", "paid.json"),
    }
    for path in saved[1].glob("*.json"):
        json.loads(path.read_text())


def test_a_name_alone_means_the_newest_version(saved: tuple[str, Path]) -> None:
    assert LtvModel.load("damaged").tag == saved[0]


@pytest.mark.parametrize(
    "file",
    [
        *("booster.ubj", "encoder.json", "drift.json", "baseline.json", "golden.json"),
        *("contributions.json", "reference.json"),
    ],
)
def test_a_changed_file_is_refused(saved: tuple[str, Path], file: str) -> None:
    path = saved[1] / file
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ArtifactRefused, match=f"changed after it was saved: {file}"):
        LtvModel.load(saved[0])


def test_a_missing_file_is_refused(saved: tuple[str, Path]) -> None:
    (saved[1] / "encoder.json").unlink()
    with pytest.raises(ArtifactRefused, match=r"lacks its file encoder\.json"):
        LtvModel.load(saved[0])


def unnamed(folder: Path, file: str) -> None:
    """Take a file out of the manifest, and leave it where it is."""
    manifest = json.loads((folder / MANIFEST).read_text())
    del manifest["digests"][file]
    (folder / MANIFEST).write_text(json.dumps(manifest))


@pytest.mark.parametrize("file", ["booster.ubj", "uncertainty.json", "golden.json", "paid.json"])
def test_a_file_without_a_digest_is_refused(saved: tuple[str, Path], file: str) -> None:
    unnamed(saved[1], file)
    with pytest.raises(ArtifactRefused, match=f"no digest of {file} in its manifest"):
        LtvModel.load(saved[0])


def test_a_file_that_the_manifest_does_not_name_is_not_read(saved: tuple[str, Path]) -> None:
    (saved[1] / "extra.json").write_text("not json")
    assert LtvModel.load(saved[0]).tag == saved[0]


@pytest.mark.parametrize("file", ["../outside", "/etc/hostname", "."])
def test_a_file_outside_of_the_folder_is_refused(saved: tuple[str, Path], file: str) -> None:
    manifest = json.loads((saved[1] / MANIFEST).read_text())
    manifest["digests"][file] = "0" * 64
    (saved[1] / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(ArtifactRefused, match="outside of its folder"):
        LtvModel.load(saved[0])


@pytest.mark.parametrize(
    ("manifest", "message"),
    [("{}", "no manifest"), ("not json", "no manifest"), ('{"format": 99}', "no manifest")],
)
def test_a_broken_manifest_is_refused(saved: tuple[str, Path], manifest: str, message: str) -> None:
    (saved[1] / MANIFEST).write_text(manifest)
    with pytest.raises(ArtifactRefused, match=message):
        LtvModel.load(saved[0])


@pytest.mark.parametrize(
    ("change", "message"),
    [({"kind": "growth"}, "of kind growth, not ltv"), ({"format": 1}, "train it again")],
)
def test_another_kind_or_format_is_refused(
    saved: tuple[str, Path], change: dict, message: str
) -> None:
    manifest = json.loads((saved[1] / MANIFEST).read_text())
    (saved[1] / MANIFEST).write_text(json.dumps(manifest | change))
    with pytest.raises(ArtifactRefused, match=message):
        LtvModel.load(saved[0])


def test_a_model_that_predicts_something_else_is_refused(
    users: pd.DataFrame, fitted: pipeline.Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Saved with golden predictions of its own, then loaded where the same files give others.
    model = pipeline.to_model(fitted, users)
    tag = replace(model).save("golden", {}, {})
    predict = LtvModel.predict
    monkeypatch.setattr(LtvModel, "predict", lambda self, columns: predict(self, columns) + 0.01)
    with pytest.raises(ArtifactRefused, match="does not predict here what it did"):
        LtvModel.load(tag)


@pytest.mark.parametrize("tag", ["nowhere", "damaged:nowhere"])
def test_a_model_that_is_not_there_is_said_to_be_missing(tag: str) -> None:
    with pytest.raises(ArtifactMissing, match="valuebox train"):
        LtvModel.load(tag)


@pytest.mark.parametrize("name", ["no/slash", "with space", ""])
def test_names_that_the_store_does_not_take(
    users: pd.DataFrame, fitted: pipeline.Pipeline, name: str
) -> None:
    with pytest.raises(ArtifactRefused, match="does not accept"):
        pipeline.to_model(fitted, users).save(name, {}, {})
