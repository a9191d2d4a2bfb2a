import json

import numpy as np
import pytest

from valuebox.compartments.ltv.baseline import SegmentStvMeans

TRAINING = {
    "STV": [0.3975, 0.3975, 0.3975, 16.277625],
    "country_segment": ["US", "US", "RU", "US"],
}
TARGET = np.array([1.0, 3.0, 8.0, 20.0])


@pytest.mark.parametrize(
    ("stv", "segment", "expected"),
    [
        pytest.param(0.3975, "US", 2.0, id="pair seen"),
        pytest.param(0.3975, "CA", 4.0, id="segment unseen, STV seen"),
        pytest.param(16.277625, "RU", 20.0, id="pair unseen"),
        pytest.param(5.0, "US", 8.0, id="STV unseen"),
        pytest.param(None, None, 8.0, id="all missing"),
        pytest.param(float("nan"), "US", 8.0, id="STV missing"),
        pytest.param(0.397500001, "US", 2.0, id="same price, other rounding"),
    ],
)
def test_the_nearest_mean_answers(stv: float | None, segment: str, expected: float) -> None:
    baseline = SegmentStvMeans.fit(TRAINING, TARGET)
    again = SegmentStvMeans.from_dict(json.loads(json.dumps(baseline.to_dict())))
    columns = {"STV": [stv], "country_segment": [segment]}
    assert again.predict(columns).tolist() == [expected]
