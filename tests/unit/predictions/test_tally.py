"""What is counted of predictions."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from valuebox.compartments.ltv.counting import UserTally
from valuebox.compartments.ltv.features import FEATURES
from valuebox.compartments.ltv.model import LtvModel
from valuebox.store.writing import COPY_FROM


@pytest.fixture(scope="module")
def model(model_tag: str) -> LtvModel:
    return LtvModel.load(model_tag)


def counted(
    model: LtvModel, features: dict[str, list[Any]], prediction: NDArray[np.float64]
) -> dict[str, float]:
    """By how much each counter goes up, by its name and label."""
    matrix = model.encoder.transform(features)
    found: Counter[str] = Counter()
    for counter, amount in UserTally(model).of(features, matrix, prediction):
        (sample,) = [one for one in counter.collect()[0].samples if one.name.endswith("_total")]
        name = sample.name.removeprefix("valuebox_").removesuffix("_total")
        compartment, label = counter._labelvalues
        assert compartment == "ltv"
        found[f"{name} {label}"] += amount
    return dict(found)


def columns(segments: list[str | None], **others: list[Any]) -> dict[str, list[Any]]:
    return {
        name: others.get(name, segments if name == "country_segment" else [1] * len(segments))
        for name in FEATURES
    }


# The same users in a request of few and in one of many, which is counted in another way.
@pytest.mark.parametrize("times", [1, COPY_FROM])
def test_predictions_are_counted_by_segment(model: LtvModel, times: int) -> None:
    features = columns(
        ["US", "US", "Atlantis", None, "unseen", "RU"] * times,
        STV=[1.5, None, None, 0.0, 2.5, 1.0] * times,
        aff_type=["PPL", "never seen", None, "PPS", "PPL", "PPL"] * times,
        credit_card_level=["never seen"] * 6 * times,
    )
    prediction = np.array([2.0, 4.0, 1.0, 8.0, 16.0, -0.25] * times)
    assert counted(model, features, prediction) == pytest.approx(
        {
            "predictions US": 2 * times,
            "predicted_value US": 6.0 * times,
            "predictions RU": times,
            "predicted_value RU": 0.0,
            "predicted_refunds RU": 0.25 * times,
            "predictions unseen": 2 * times,
            "predicted_value unseen": 17.0 * times,
            "predictions missing": times,
            "predicted_value missing": 8.0 * times,
            "missing_values STV": 2 * times,
            "missing_values aff_type": times,
            "missing_values country_segment": times,
        }
    )


def test_no_text_of_a_caller_becomes_a_label(model: LtvModel) -> None:
    segments: list[str | None] = [f"segment {number}" for number in range(500)]
    found = counted(model, columns(segments), np.ones(500))
    assert found == {"predictions unseen": 500, "predicted_value unseen": 500.0}
