"""Estimators of one's own in the place of the trees: which are refused, and what others become."""

from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import count
from pathlib import Path

import bentoml
import numpy as np
import pandas as pd
import pytest
from support.commands import valuebox as run

import valuebox
from valuebox.compartments.ltv.model import OWN_FORMAT, LtvModel
from valuebox.models import registry
from valuebox.models.estimators import ESTIMATOR, Estimator, Pipeline, numbers_of
from valuebox_training.own.factory import BadPipeline, current_folder_first, fitted, made_by
from valuebox_training.own.pickled import pickled
from valuebox_training.own.shapley import shapley_values

BESIDE = """
from helping_NUMBER import SHRINK

from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler


def ridge():
    print("made")
    steps = SimpleImputer(add_indicator=True), FunctionTransformer(lambda rows: rows * 1.0)
    return make_pipeline(*steps, StandardScaler(), Ridge(SHRINK))


class Odd:
    def fit(self, rows, target):
        self.mean = target.mean()

    def predict(self, rows):
        import numpy as np

        return np.full(len(rows), self.mean)


class Worthless(Odd):
    def predict(self, rows):
        return (rows[:, 0] == 1) * 500


class Column(Odd):
    def predict(self, rows):
        import pandas as pd

        return pd.DataFrame({"said": super().predict(rows)})


class Gap(Odd):
    def predict(self, rows):
        import numpy as np

        return np.where(np.isnan(rows).any(axis=1), np.nan, 1.0)


class Wide(Odd):
    def predict(self, rows):
        return rows


class Words(Odd):
    def predict(self, rows):
        return ["much"] * len(rows)


class Chance(Odd):
    def predict(self, rows):
        import numpy as np

        return np.random.default_rng().random(len(rows))


class Forgetful(Odd):
    def fit(self, rows, target):
        import os

        super().fit(rows, target)
        self.of = os.getpid()

    def predict(self, rows):
        import os

        return super().predict(rows) + (os.getpid() != self.of)


class Loud(Odd):
    def predict(self, rows):
        print("I predict")
        return super().predict(rows)


class Locked(Odd):
    def fit(self, rows, target):
        import threading

        super().fit(rows, target)
        self.lock = threading.Lock()


class Unfit(Odd):
    def fit(self, rows, target):
        raise ValueError("Input X contains NaN.\\nMore lines")


def takes_arguments(rows):
    return Odd()


def a_class():
    return Odd


def nothing():
    return 3


seven = 7
"""
NUMBERS = count()


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Name of a module in the current folder, with estimators of one's own."""
    number = next(NUMBERS)
    (tmp_path / f"helping_{number}.py").write_text("SHRINK = 3.0\n")
    (tmp_path / f"mine_{number}.py").write_text(BESIDE.replace("NUMBER", str(number)))
    (tmp_path / f"broken_{number}.py").write_text("import not_to_be_found\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VALUEBOX_TRUST_PIPELINES", "1")
    with current_folder_first():
        yield f"mine_{number}"


def some_rows() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    rows = rng.random((60, 4)).astype(np.float32)
    rows[::7, 1] = np.nan
    return rows, rng.random(60)


def test_a_pipeline_is_saved_judged_served_from_elsewhere_and_told_of(
    own: str, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = "--train", data_dir / "train.csv", "--valid", data_dir / "valid.csv"
    told, err = run("train", *files, "--pipeline", f"{own}:ridge", "--model", "own", "--force")
    tag = str(bentoml.models.get("own").tag)
    assert f"saved as {tag}" in told
    assert "VALUEBOX_TRUST_PIPELINES=1" in told
    assert "beside that of the house's own trees: by day, segments alike" in told
    assert "made" not in told
    assert "made" in err
    monkeypatch.chdir(tmp_path.parent)
    model = valuebox.load(tag)
    users = pd.read_csv(data_dir / "valid.csv").drop(columns="target").head(50)
    predicted = model.predict(users, intervals=True)
    assert np.isfinite(predicted.to_numpy()).all()
    assert predicted["prediction"].std() > 1
    card, _ = run("models", "show", tag)
    assert f"{own}:ridge (Pipeline)" in card
    assert f"scikit-learn {version('scikit-learn')}" in card
    loaded = LtvModel.load(tag)
    judged = loaded.metadata["pipeline"]["judged"]
    assert judged["own"]["by day, segments alike"] == loaded.metadata["validation"]["day_macro"]
    assert "booster" not in loaded.metadata
    assert loaded.contributions.features[0].feature == "STV"


def test_one_that_is_worse_is_refused_unless_told(own: str, data_dir: Path) -> None:
    files = "--train", data_dir / "train.csv", "--valid", data_dir / "valid.csv"
    arguments = ("train", *files, "--pipeline", f"{own}:Worthless", "--model", "worthless")
    _, err = run(*arguments, exit_code=4)
    assert "worse than the house's own trees" in err
    assert "--force saves it all the same" in err
    with pytest.raises(registry.ArtifactMissing):
        registry.find("worthless")


@pytest.mark.parametrize(
    ("options", "exit_code", "told"),
    [
        ((), 4, "nothing says whether"),
        (("--trials", 2), 2, "--trials is of the trees"),
    ],
)
def test_what_cannot_be_judged_is_refused_before_anything_is_learned(
    own: str, data_dir: Path, options: tuple[object, ...], exit_code: int, told: str
) -> None:
    file = "--train", data_dir / "train.csv"
    _, err = run("train", *file, *options, "--pipeline", f"{own}:no_matter", exit_code=exit_code)
    assert told in err


@pytest.mark.parametrize(
    ("factory", "message"),
    [
        ("mine.py", "not of the form module:factory"),
        ("./mine:ridge", "not of the form module:factory"),
        ("never_written:ridge", "cannot be imported: ModuleNotFoundError: .*never_written"),
        ("broken_NUMBER:ridge", "cannot be imported: ModuleNotFoundError: .*not_to_be_found"),
        ("OWN:absent", "absent is not there"),
        ("OWN:seven", "seven is no function, but int"),
        ("OWN:takes_arguments", "cannot be called without arguments: TypeError"),
        ("OWN:a_class", "returns the class Odd"),
        ("OWN:nothing", "returns int, which has no fit and no predict"),
    ],
)
def test_a_factory_that_makes_no_estimator_is_refused(own: str, factory: str, message: str) -> None:
    number = own.rpartition("_")[2]
    with pytest.raises(BadPipeline, match=message):
        made_by(factory.replace("OWN", own).replace("NUMBER", number))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Unfit", r"fails: ValueError: Input X contains NaN\.; NaN stands for .* imputer$"),
        ("Gap", "no finite number for 9 of 60 rows"),
        ("Wide", r"shape \(60, 4\) for 60 rows"),
        ("Words", "returns list, no numbers"),
        ("Chance", "something else each time"),
        ("Locked", "Locked cannot be pickled: TypeError"),
        ("Forgetful", "something else in another process"),
    ],
)
def test_an_estimator_that_could_not_be_served_is_refused(
    own: str, name: str, message: str
) -> None:
    rows, target = some_rows()
    with pytest.raises(BadPipeline, match=message):
        pickled(fitted(made_by(f"{own}:{name}"), rows, target), own, rows)


def test_a_column_of_a_frame_is_as_good_as_an_array_and_printing_is_told(own: str) -> None:
    rows, target = some_rows()
    column = fitted(made_by(f"{own}:Column"), rows, target)
    np.testing.assert_array_equal(numbers_of(column, rows), np.full(60, target.mean()))
    _, warnings = pickled(fitted(made_by(f"{own}:Loud"), rows, target), own, rows)
    assert "prints, and a service would too, with every request: I predict" in warnings[0]


def test_nothing_is_unpickled_unless_the_settings_say_so(
    own: str, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = "--train", data_dir / "train.csv", "--pipeline", f"{own}:Odd", "--force"
    run("train", *arguments, "--model", "guarded")
    tag = registry.find("guarded")
    folder = Path(bentoml.models.get(tag).path)
    monkeypatch.delenv("VALUEBOX_TRUST_PIPELINES")
    with pytest.raises(registry.ArtifactRefused, match="VALUEBOX_TRUST_PIPELINES=1"):
        LtvModel.load(tag)
    with pytest.raises(registry.ArtifactRefused, match="VALUEBOX_TRUST_PIPELINES=1"):
        registry.served(LtvModel.load, "guarded", None)
    monkeypatch.setenv("VALUEBOX_TRUST_PIPELINES", "1")
    assert registry.load(tag, "ltv", [OWN_FORMAT]).format == OWN_FORMAT
    content = bytearray((folder / ESTIMATOR).read_bytes())
    content[-5] ^= 1
    (folder / ESTIMATOR).write_bytes(content)
    with pytest.raises(registry.ArtifactRefused, match="changed after it was saved"):
        LtvModel.load(tag)


def test_a_package_that_a_service_lacks_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VALUEBOX_TRUST_PIPELINES", "1")
    about = Pipeline(factory="mine:rare", estimator="Rare", needs={"rare-forests": "2.1"})
    files = Estimator(None, b"no matter", about).files()
    with pytest.raises(registry.ArtifactRefused, match=r"not installed here: rare-forests 2\.1"):
        Estimator.of(registry.Artifact("rare:1", OWN_FORMAT, datetime.now(UTC), {}, files))


def test_what_features_shift_adds_up_and_is_that_of_a_sum() -> None:
    rows, _ = some_rows()
    rows = np.nan_to_num(rows)

    class Sum:
        def predict(self, matrix: np.ndarray) -> np.ndarray:
            return matrix @ np.array([1.0, 2.0, 0.0, 5.0])

        def files(self) -> dict[str, bytes]:
            return {}

    feature = np.array([0, 1, 1, 2])
    found, average = shapley_values(Sum(), rows, rows, feature, 3)
    np.testing.assert_allclose(found.sum(axis=1) + average, Sum().predict(rows), atol=1e-6)
    slope = np.polyfit(rows[:, 3], found[:, 2], 1)[0]
    assert slope == pytest.approx(5, abs=1e-6)
    assert average == pytest.approx(Sum().predict(rows).mean(), rel=0.05)
