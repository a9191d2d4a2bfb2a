from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
import xgboost as xgb

from valuebox.compartments.ltv.features import CATEGORICAL, FEATURES, Encoder
from valuebox.compartments.ltv.files import columns_of, read_users
from valuebox.models.contributions import Contributions, ValueContribution
from valuebox.models.regressors import Trees
from valuebox_training.ltv import contributions, pipeline
from valuebox_training.ltv.contributions import fit_contributions, user_contributions

Fitted = tuple[Encoder, Trees]


@pytest.fixture(scope="module")
def users(data_dir: Path) -> pd.DataFrame:
    # Every third one, of all days: what each is told takes long to work out.
    return read_users(data_dir / "train.csv").iloc[::3].reset_index(drop=True)


@pytest.fixture(scope="module")
def fitted(users: pd.DataFrame) -> Fitted:
    learned = pipeline.fit(users)
    return learned["encode"].encoder_, Trees(learned["regress"].get_booster())


def with_gaps(users: pd.DataFrame) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    gaps = {name: users[name].mask(rng.random(len(users)) < 0.2) for name in FEATURES}
    return users.assign(**gaps)


class Told(NamedTuple):
    """What a model says of users whose categories it knows, and of the same users with gaps."""

    users: pd.DataFrame
    of_users: Contributions
    gaps: pd.DataFrame
    of_gaps: Contributions


@pytest.fixture(scope="module")
def told(fitted: Fitted, users: pd.DataFrame) -> Told:
    known = of_known_categories(users, fitted[0])
    gaps = with_gaps(known)
    return Told(known, fit_contributions(*fitted, known), gaps, fit_contributions(*fitted, gaps))


def of_known_categories(users: pd.DataFrame, encoder: Encoder) -> pd.DataFrame:
    """Without those who are unseen because too few users are like them."""
    known = [users[name].isin(encoder.categories[name]) for name in CATEGORICAL]
    return users[np.logical_and.reduce(known)]


def values_of(told: Contributions, feature: str) -> list[ValueContribution]:
    (values,) = (one.values for one in told.features if one.feature == feature)
    return values


@pytest.mark.parametrize("gaps", [False, True])
def test_they_add_up_to_the_prediction_minus_the_average(
    fitted: Fitted, users: pd.DataFrame, gaps: bool
) -> None:
    users = with_gaps(users) if gaps else users
    encoder, trees = fitted
    found, average = user_contributions(encoder, trees, users)
    assert list(found) == list(FEATURES)
    predicted = trees.predict(encoder.transform(columns_of(users)))
    np.testing.assert_allclose(found.sum(axis=1), predicted - average, atol=1e-3)
    assert predicted.std() > 5


def test_those_of_one_hot_columns_belong_to_their_feature(
    fitted: Fitted, users: pd.DataFrame
) -> None:
    users = with_gaps(users).head(200)
    encoder, trees = fitted
    matrix = xgb.DMatrix(encoder.transform(columns_of(users)))
    by_column = trees.booster.predict(matrix, pred_contribs=True)[:, :-1]
    found, _ = user_contributions(encoder, trees, users)
    for name in FEATURES:
        own = [
            place
            for place, column in enumerate(encoder.feature_names)
            if column == name or column.startswith(f"{name}=")
        ]
        assert len(own) > 1 or name not in CATEGORICAL
        np.testing.assert_allclose(found[name], by_column[:, own].sum(axis=1), atol=1e-4)


@pytest.mark.parametrize("gaps", [False, True])
def test_values_share_out_the_users_and_the_contribution(
    fitted: Fitted, users: pd.DataFrame, gaps: bool
) -> None:
    users = with_gaps(users) if gaps else users
    found, average = user_contributions(*fitted, users)
    told = fit_contributions(*fitted, users)
    assert told.users == len(users)
    assert told.average == pytest.approx(average)
    assert {one.feature for one in told.features} == set(FEATURES)
    sizes = [one.mean_absolute for one in told.features]
    assert sizes == sorted(sizes, reverse=True)
    for one in told.features:
        shifts = found[one.feature]
        assert one.mean_absolute == pytest.approx(shifts.abs().mean(), abs=1e-5)
        assert sum(value.users for value in one.values) == len(users)
        total = sum(value.users * value.mean for value in one.values)
        assert total / len(users) == pytest.approx(shifts.mean(), abs=1e-5)


def test_what_was_spent_counts_most_and_in_the_right_direction(
    fitted: Fitted, users: pd.DataFrame
) -> None:
    told = fit_contributions(*fitted, users)
    assert told.features[0].feature == "STV"
    by_value = {value.value: value for value in values_of(told, "STV")}
    assert by_value["0.3975"].mean < 0 < by_value["16.277625"].mean
    assert by_value["0.3975"].users == (users["STV"] == 0.3975).sum()


@pytest.mark.parametrize("feature", FEATURES)
def test_a_missing_value_is_told_of_with_or_without_users_who_lack_it(
    fitted: Fitted, told: Told, feature: str
) -> None:
    without = values_of(told.of_users, feature)[-1]
    assert (without.kind, without.users) == ("missing", 0)
    hidden, _ = user_contributions(*fitted, told.users.assign(**{feature: None}))
    assert without.mean == pytest.approx(hidden[feature].mean(), abs=0.3)
    of_gaps = values_of(told.of_gaps, feature)[-1]
    assert (of_gaps.kind, of_gaps.users) == ("missing", told.gaps[feature].isna().sum())


def test_an_unseen_category_counts_as_missing(fitted: Fitted, users: pd.DataFrame) -> None:
    users = of_known_categories(users, fitted[0])
    names = users["country_segment"].to_numpy(copy=True)
    names[:50] = "XX"
    unseen = users.assign(country_segment=names)
    values = values_of(fit_contributions(*fitted, unseen), "country_segment")
    assert "XX" not in [value.value for value in values]
    assert (values[-1].kind, values[-1].users) == ("missing", 50)


def test_rare_values_are_taken_together(
    fitted: Fitted, users: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contributions, "MOST_VALUES", 3)
    users = of_known_categories(users, fitted[0])
    counts = users["country_segment"].value_counts()
    values = values_of(fit_contributions(*fitted, users), "country_segment")
    assert [(value.kind, value.value, value.users) for value in values] == [
        *(("value", name, counts[name]) for name in counts.index[:3]),
        ("others", f"others ({len(counts) - 3})", counts.iloc[3:].sum()),
        ("missing", "missing or unseen", 0),
    ]


def test_numbers_of_all_sizes_are_told_of_in_ranges(fitted: Fitted, users: pd.DataFrame) -> None:
    rng = np.random.default_rng(1)
    spent = pd.Series(rng.gamma(1, 9, len(users))).where(rng.random(len(users)) < 0.6, 0.3975)
    values = values_of(fit_contributions(*fitted, users.assign(STV=spent)), "STV")
    ranges = [value for value in values if value.kind == "range"]
    assert 4 <= len(ranges) <= 8
    ends = [[float(end) for end in value.value.split(" to ")] for value in ranges]
    assert np.ravel(ends).tolist() == sorted(np.ravel(ends))
    assert sum(value.users for value in values) == len(users)


def test_the_sample_is_bounded_and_always_the_same(
    fitted: Fitted, users: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contributions, "SAMPLE", 300)
    told = fit_contributions(*fitted, users)
    assert told.users == 300
    assert told == fit_contributions(*fitted, users)
    assert told != fit_contributions(*fitted, users, seed=1)


def test_they_travel_with_the_model(fitted: Fitted, users: pd.DataFrame) -> None:
    model = pipeline.to_model(pipeline.fit(users), users)
    loaded = type(model).load(model.save("told", {}, {}))
    assert loaded.contributions == model.contributions == fit_contributions(*fitted, users)
    assert len(loaded.contributions.model_dump_json()) < 10_000
