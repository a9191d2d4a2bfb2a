"""What cohort errors are compared with: the models that people reach for first.

Each takes training users and returns a function from users to predictions. All get the features
that ours gets, missing values as they are where the library takes them, and default settings.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from xgboost import XGBRegressor

from valuebox.compartments.ltv.baseline import SegmentStvMeans
from valuebox.compartments.ltv.features import CATEGORICAL, FEATURES, NUMERIC
from valuebox.compartments.ltv.files import columns_of

Predict = Callable[[pd.DataFrame], NDArray[np.float64]]
Fit = Callable[[pd.DataFrame], Predict]

MISSING: Final = "missing"


def linear(train: pd.DataFrame) -> Predict:
    """Least squares on scaled numbers and one column per category."""
    numbers = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    model = make_pipeline(
        make_column_transformer(
            (numbers, list(NUMERIC)),
            (OneHotEncoder(handle_unknown="ignore"), list(CATEGORICAL)),
        ),
        LinearRegression(),
    )
    model.fit(_plain(train), train["target"])
    return lambda users: model.predict(_plain(users))


def segment_stv_means(train: pd.DataFrame) -> Predict:
    """The baseline that the service ships: training means by segment and STV."""
    table = SegmentStvMeans.fit(columns_of(train), train["target"].to_numpy(dtype=np.float64))
    return lambda users: table.predict(columns_of(users))


def segment_means(train: pd.DataFrame) -> Predict:
    """Training means by segment."""
    means = train.groupby("country_segment")["target"].mean()
    everybody = float(train["target"].mean())
    return lambda users: users["country_segment"].map(means).fillna(everybody).to_numpy()


def xgboost(train: pd.DataFrame) -> Predict:
    """XGBRegressor as it comes, with its own handling of categories."""
    as_known = _categories(train)
    model = XGBRegressor(enable_categorical=True).fit(as_known(train), train["target"])
    return lambda users: model.predict(as_known(users))


def lightgbm(train: pd.DataFrame) -> Predict:
    """LGBMRegressor as it comes, with its own handling of categories."""
    from lightgbm import LGBMRegressor

    as_known = _categories(train)
    model = LGBMRegressor(verbosity=-1).fit(as_known(train), train["target"])
    return lambda users: model.predict(as_known(users))


def catboost(train: pd.DataFrame) -> Predict:
    """CatBoostRegressor as it comes, with its own handling of categories."""
    from catboost import CatBoostRegressor

    model = CatBoostRegressor(verbose=False, allow_writing_files=False)
    model.fit(_plain(train), train["target"], cat_features=list(CATEGORICAL))
    return lambda users: model.predict(_plain(users))


def zero_inflated_lognormal(train: pd.DataFrame) -> Predict:
    """P(later spending > 0) times the mean of a lognormal distribution of its amount.

    Later is what comes after the first 4 days, as in Wang, Liu and Miao, "A deep probabilistic
    model for customer lifetime value prediction" (2019), here with boosted trees as heads.
    """
    from lightgbm import LGBMClassifier, LGBMRegressor

    as_known = _categories(train)
    later = (train["target"] - train["STV"].fillna(0)).to_numpy(dtype=np.float64)
    paid = later > 0
    features = as_known(train)
    chance = LGBMClassifier(verbosity=-1).fit(features, paid)
    amount = LGBMRegressor(verbosity=-1).fit(features[paid], np.log(later[paid]))
    variance = np.var(np.log(later[paid]) - amount.predict(features[paid]))

    def predict(users: pd.DataFrame) -> NDArray[np.float64]:
        known = as_known(users)
        mean = np.exp(amount.predict(known) + variance / 2)
        first = users["STV"].fillna(0).to_numpy(dtype=np.float64)
        return np.asarray(first + chance.predict_proba(known)[:, 1] * mean)

    return predict


PEERS: Final[dict[str, Fit]] = {
    "linear regression": linear,
    "segment and STV means": segment_stv_means,
    "segment means": segment_means,
    "XGBoost": xgboost,
    "LightGBM": lightgbm,
    "CatBoost": catboost,
    "zero-inflated lognormal": zero_inflated_lognormal,
}


def _plain(users: pd.DataFrame) -> pd.DataFrame:
    """Numbers as float with NaN, categories as text; a missing one is a category."""
    numbers = users[list(NUMERIC)].astype(np.float64)
    return numbers.join(users[list(CATEGORICAL)].astype(object).fillna(MISSING))


def _categories(train: pd.DataFrame) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Categories of the training users as pandas knows them; an unseen one is missing."""
    known: dict[str, Any] = {
        name: pd.CategoricalDtype(sorted(train[name].dropna().unique())) for name in CATEGORICAL
    }

    def as_known(users: pd.DataFrame) -> pd.DataFrame:
        types = {name: known.get(name, np.float64) for name in FEATURES}
        return users[list(FEATURES)].astype(types)

    return as_known
