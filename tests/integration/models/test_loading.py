"""`valuebox.load`: a model of the store, on a data frame."""

from pathlib import Path

import bentoml
import numpy as np
import pandas as pd
import pytest
from support.responses import world

import valuebox
from valuebox import ValueboxError
from valuebox.compartments.ltv.files import columns_of, read_users
from valuebox.compartments.ltv.model import LtvModel
from valuebox.models import registry
from valuebox_training.response.train import learn


def test_a_frame_is_predicted_as_the_service_predicts_it(
    model_tag: str, model: LtvModel, data_dir: Path
) -> None:
    users = read_users(data_dir / "valid.csv").sample(frac=1, random_state=1)
    loaded = valuebox.load(model_tag)
    expected = model.estimate(columns_of(users))
    assert (loaded.tag, loaded.compartment) == (model_tag, "ltv")
    found = loaded.predict(users)
    assert list(found.columns) == ["prediction"]
    assert found.index.equals(users.index)
    np.testing.assert_array_equal(found["prediction"], expected.prediction)
    found = loaded.predict(users, intervals=True)
    np.testing.assert_array_equal(found["lower"], expected.lower)
    np.testing.assert_array_equal(found["upper"], expected.upper)
    # As pandas reads the file by itself, with types of its own choice.
    plainly = pd.read_csv(data_dir / "valid.csv")
    np.testing.assert_array_equal(
        loaded.predict(plainly).loc[users.index, "prediction"], expected.prediction
    )


def test_the_newest_is_found_by_name(model_tag: str) -> None:
    assert valuebox.load("ltv").tag == valuebox.load("ltv:latest").tag
    with pytest.raises(ValueboxError, match="no model 'ltv:nothing'"):
        valuebox.load("ltv:nothing")
    with pytest.raises(ValueboxError, match="is no model tag"):
        valuebox.load("LTV!")


def test_columns_and_values_may_be_missing(model_tag: str) -> None:
    loaded = valuebox.load(model_tag)
    alone = loaded.predict(pd.DataFrame({"STV": [16.277625, None]}))["prediction"]
    whole = pd.DataFrame({"STV": [16.277625, None], "country_segment": None, "is_lp": pd.NA})
    assert alone.tolist() == loaded.predict(whole)["prediction"].tolist()
    assert len(loaded.predict(pd.DataFrame(index=[1, 2, 3]))) == 3
    assert loaded.predict(pd.DataFrame({"STV": []})).empty


def test_what_is_strange_is_a_warning(model_tag: str) -> None:
    loaded = valuebox.load(model_tag)
    with pytest.warns(UserWarning, match=r"\"stv\" is not used: is STV meant"):
        loaded.predict(pd.DataFrame({"stv": [1.0]}))
    with pytest.warns(UserWarning, match="STV"):
        loaded.predict(pd.DataFrame({"STV": [999_999.0]}))


def test_a_value_out_of_bounds_is_named_by_row_and_column(model_tag: str) -> None:
    loaded = valuebox.load(model_tag)
    frame = pd.DataFrame({"STV": [1.0, -1.0], "hidden": [0, 2], "aff_type": [None, "x" * 101]})
    with pytest.raises(ValueboxError) as caught:
        loaded.predict(frame)
    told = str(caught.value)
    assert "row 1, STV: Input should be greater than or equal to 0" in told
    assert "row 1, hidden: " in told
    assert "row 1, aff_type: " in told


def test_what_predicts_from_stored_facts_says_so() -> None:
    learned = learn(world(1), ["bought"], "category", 30)
    loaded = valuebox.load(learned[0].save("loaded-responses", {}, {}))
    assert loaded.compartment == "response"
    with pytest.raises(ValueboxError, match="'response' predict from what is stored"):
        loaded.predict(pd.DataFrame({"id": ["1"]}))


def test_a_model_of_others_is_refused(model_tag: str) -> None:
    with bentoml.models.create("somebodys") as made:
        Path(made.path_of("file")).write_text("x")
    with pytest.raises(registry.ArtifactRefused, match="which no compartment here reads"):
        valuebox.load("somebodys")
