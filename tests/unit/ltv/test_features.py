import json

import numpy as np
import pandas as pd
import pytest

from valuebox.compartments.ltv.features import CATEGORICAL, NUMERIC, Encoder
from valuebox.compartments.ltv.user import USERS as SHAPE

USERS = {
    "hidden": [0, 1, 0],
    "STV": [0.3975, 1.1925, 16.277625],
    "is_lp": [0, 0, 1],
    "is_cancelled": [1, 0, 0],
    "credit_card_level": ["standard", "prepaid", "standard"],
    "aff_type": ["PPL", "PPS", "PPL"],
    "country_segment": ["US", "US", "RU"],
}


@pytest.fixture
def encoder() -> Encoder:
    return Encoder(min_users=1).fit(USERS)


def encoded(encoder: Encoder, **changes: list[object]) -> dict[str, list[float]]:
    matrix = encoder.transform({**USERS, **changes})
    return {name: matrix[:, i].tolist() for i, name in enumerate(encoder.feature_names)}


def test_every_category_has_a_column_and_one_more_for_the_unknown(encoder: Encoder) -> None:
    assert encoder.feature_names == [
        *NUMERIC,
        *("credit_card_level=standard", "credit_card_level=prepaid", "credit_card_level=?"),
        *("aff_type=PPL", "aff_type=PPS", "aff_type=?"),
        *("country_segment=US", "country_segment=RU", "country_segment=?"),
    ]


def test_known_values_are_marked_in_their_column(encoder: Encoder) -> None:
    columns = encoded(encoder)
    assert columns["country_segment=US"] == [1, 1, 0]
    assert columns["country_segment=RU"] == [0, 0, 1]
    assert columns["country_segment=?"] == [0, 0, 0]
    assert columns["STV"] == pytest.approx(USERS["STV"])


@pytest.mark.parametrize("unknown", [None, float("nan"), "CA", "", "us"])
def test_unseen_and_missing_categories_are_unknown(encoder: Encoder, unknown: object) -> None:
    columns = encoded(encoder, country_segment=[unknown, "US", "RU"])
    assert columns["country_segment=?"] == [1, 0, 0]
    assert columns["country_segment=US"] == [0, 1, 0]


@pytest.mark.parametrize("name", NUMERIC)
def test_missing_numbers_are_nan(encoder: Encoder, name: str) -> None:
    column = encoded(encoder, **{name: [None, float("nan"), 1]})[name]
    assert np.isnan(column[:2]).all()
    assert column[2] == 1


@pytest.mark.parametrize("name", [*NUMERIC, *CATEGORICAL])
def test_an_absent_feature_is_missing_for_everybody(encoder: Encoder, name: str) -> None:
    absent = {key: values for key, values in USERS.items() if key != name}
    nones = {**USERS, name: [None] * 3}
    np.testing.assert_array_equal(encoder.transform(absent), encoder.transform(nones))


def test_rare_categories_are_unknown() -> None:
    encoder = Encoder(min_users=2).fit(USERS)
    assert "country_segment=RU" not in encoder.feature_names
    assert encoded(encoder)["country_segment=?"] == [0, 0, 1]


def test_no_users_make_an_empty_matrix(encoder: Encoder) -> None:
    assert encoder.transform({name: [] for name in USERS}).shape == (0, 13)


def test_json_keeps_what_was_learned(encoder: Encoder) -> None:
    again = Encoder.from_dict(json.loads(json.dumps(encoder.to_dict())), SHAPE)
    assert again.feature_names == encoder.feature_names
    np.testing.assert_array_equal(again.transform(USERS), encoder.transform(USERS))


def test_an_encoder_for_other_features_is_refused(encoder: Encoder) -> None:
    with pytest.raises(ValueError, match="other features"):
        Encoder.from_dict({**encoder.to_dict(), "numeric": ["STV"]}, SHAPE)


def test_categoricals_are_encoded_like_their_values(encoder: Encoder) -> None:
    values = ["RU", None, "CA", "US", "RU"]
    columns = {"country_segment": values, "aff_type": ["PPS"] * 5}
    same = {name: pd.Categorical(column) for name, column in columns.items()}
    np.testing.assert_array_equal(encoder.transform(same), encoder.transform(columns))
