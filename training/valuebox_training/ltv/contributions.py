"""What a fitted model looks at, by training users; see `valuebox.models.contributions`."""

from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuebox.compartments.ltv.features import Encoder, Matrix
from valuebox.compartments.ltv.files import columns_of
from valuebox.models.contributing import contributions_of
from valuebox.models.contributions import Contributions, FeatureContribution, ValueContribution
from valuebox.models.regressors import Regressor, Trees
from valuebox.statistics.arrays import Floats
from valuebox_training.own.shapley import shapley_values

SAMPLE: Final = 10_000
# Users whose value is taken away, where no one lacks it: their other values vary enough.
_HIDDEN: Final = 1_000
# As many and as few where trees cannot be walked: each is then predicted about a hundred times.
_ASKED: Final = 2_000
_ASKED_HIDDEN: Final = 200
# The card is sent with every evaluation; these many values are about what a chart can show.
MOST_VALUES: Final = 12
_BINS: Final = 8
# Numbers are listed one by one as long as no larger share of users has yet another one.
_RARE: Final = 0.05
_DECIMALS: Final = 6


def fit_contributions(
    encoder: Encoder, regressor: Regressor, users: pd.DataFrame, seed: int = 0
) -> Contributions:
    """Contributions of every feature and its values, on a sample of at most `SAMPLE` users.

    Args:
        encoder: Fitted.
        regressor: Fitted on what the encoder makes.
        users: Training users, at least one.
        seed: Of the sample.
    """
    most, few = (SAMPLE, _HIDDEN) if isinstance(regressor, Trees) else (_ASKED, _ASKED_HIDDEN)
    sample = users.sample(min(most, len(users)), random_state=seed)
    others = encoder.transform(columns_of(sample))
    found, average = user_contributions(encoder, regressor, sample, others)
    features = []
    for name in encoder.shape.features:
        values = _by_value(encoder, name, sample[name], found[name].to_numpy())
        if all(value.kind != "missing" for value in values):
            hidden = sample.head(few).assign(**{name: None})
            shift = user_contributions(encoder, regressor, hidden, others)[0][name].mean()
            values.append(_missing(name in encoder.categorical, 0, shift))
        size = round(float(found[name].abs().mean()), _DECIMALS)
        features.append(FeatureContribution(feature=name, mean_absolute=size, values=values))
    features.sort(key=lambda feature: feature.mean_absolute, reverse=True)
    return Contributions(users=len(sample), average=round(average, _DECIMALS), features=features)


def user_contributions(
    encoder: Encoder, regressor: Regressor, users: pd.DataFrame, others: Matrix | None = None
) -> tuple[pd.DataFrame, float]:
    """Contributions for every user, those of one-hot columns summed to their feature.

    Args:
        encoder: Fitted.
        regressor: Fitted on what the encoder makes.
        users: Whom the contributions are of.
        others: Rows of other users, which take the place of what is not known of one where trees
            cannot be walked; None for the same users.

    Returns:
        One row per user and one column per feature, in the currency of `STV`; and the average
        prediction. A row and the average add up to what the regressor predicts.
    """
    rows, inverse = _distinct(encoder.transform(columns_of(users)))
    names = list(encoder.shape.features)
    feature = np.array([names.index(one.partition("=")[0]) for one in encoder.feature_names])
    if isinstance(regressor, Trees):
        sums, average = contributions_of(regressor.booster, rows, feature, len(names))
    else:
        others = rows if others is None else others
        sums, average = shapley_values(regressor, rows, others, feature, len(names))
    return pd.DataFrame(sums[inverse], columns=names), average


def _distinct(matrix: Matrix) -> tuple[Matrix, NDArray[np.intp]]:
    """Distinct rows of a matrix, and the place of each row in them; many users share a row.

    Compared as bytes, so that missing numbers are equal.
    """
    as_bytes = matrix.view(np.dtype((np.void, matrix.itemsize * matrix.shape[1]))).ravel()
    _, first, inverse = np.unique(as_bytes, return_index=True, return_inverse=True)
    return matrix[first], inverse


def _by_value(
    encoder: Encoder, name: str, column: "pd.Series[Any]", shifts: Floats
) -> list[ValueContribution]:
    if name in encoder.categorical:
        known = column.isin(encoder.categories[name]).to_numpy()
        values = _by_category(column[known].astype(str), shifts[known])
    else:
        numbers: Floats = column.to_numpy(dtype=np.float64)
        known = ~np.isnan(numbers)
        values = _by_number(numbers[known], shifts[known])
    if not known.all():
        lack = int((~known).sum()), float(shifts[~known].mean())
        values.append(_missing(name in encoder.categorical, *lack))
    return values


def _by_category(column: "pd.Series[str]", shifts: Floats) -> list[ValueContribution]:
    frequent = column.value_counts().index[:MOST_VALUES]
    members = [(str(value), (column == value).to_numpy()) for value in frequent]
    found = [_of("value", value, shifts[has]) for value, has in members]
    return found + _others(~column.isin(frequent).to_numpy(), column.nunique(), shifts)


def _by_number(numbers: Floats, shifts: Floats) -> list[ValueContribution]:
    values, counts = np.unique(numbers, return_counts=True)
    frequent = np.sort(values[np.argsort(-counts, kind="stable")[:MOST_VALUES]])
    rest = ~np.isin(numbers, frequent)
    if len(numbers) and rest.mean() > _RARE:
        return _by_range(numbers, shifts)
    found = [_of("value", _text(value), shifts[numbers == value]) for value in frequent]
    return found + _others(rest, len(values), shifts)


def _by_range(numbers: Floats, shifts: Floats) -> list[ValueContribution]:
    # A value that many users share may fill several bins; it gets one.
    edges = np.unique(np.quantile(numbers, np.arange(1, _BINS) / _BINS, method="lower"))
    bins = np.searchsorted(edges, numbers, side="left")
    found = []
    for one in np.unique(bins):
        members = numbers[bins == one]
        low, high = _text(members.min()), _text(members.max())
        kind, text = ("value", low) if low == high else ("range", f"{low} to {high}")
        found.append(_of(kind, text, shifts[bins == one]))
    return found


def _text(number: float) -> str:
    return f"{number:.15g}"


def _others(rest: NDArray[np.bool_], n_values: int, shifts: Floats) -> list[ValueContribution]:
    if not rest.any():
        return []
    return [_of("others", f"others ({n_values - MOST_VALUES})", shifts[rest])]


def _missing(is_text: bool, users: int, mean: float) -> ValueContribution:
    text = "missing or unseen" if is_text else "missing"
    return ValueContribution(kind="missing", value=text, users=users, mean=round(mean, _DECIMALS))


def _of(kind: str, value: str, shifts: Floats) -> ValueContribution:
    return ValueContribution.model_validate(
        {
            "kind": kind,
            "value": value,
            "users": len(shifts),
            "mean": round(float(shifts.mean()), _DECIMALS),
        }
    )
