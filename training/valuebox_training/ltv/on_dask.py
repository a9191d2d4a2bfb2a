"""Learning with the trees grown on a Dask cluster, by `xgboost.dask`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from xgboost import XGBRegressor

from valuebox.compartments.ltv.features import Columns, Encoder

if TYPE_CHECKING:
    from distributed import Client

_CHUNK: Final = 100_000


def fit_on(
    client: "Client",
    encoder: Encoder,
    users: pd.DataFrame,
    target: pd.Series,
    booster: Mapping[str, Any],
    seed: int,
) -> XGBRegressor:
    """Grow the trees where the users are sent; they are encoded there.

    Args:
        client: Of the cluster.
        encoder: That has learned the categories.
        users: One column per feature.
        target: Their realised values, in the same order.
        booster: Hyperparameters, as `XGBRegressor` takes them.
        seed: Of the draws of rows and columns.

    Returns:
        A fitted regressor that predicts here.
    """
    from dask import array as da
    from xgboost import dask as xgb_dask

    # Texts go as codes.
    users = users[list(encoder.shape.features)].astype(
        dict.fromkeys(encoder.categorical, "category")
    )
    width, matrices, targets = len(encoder.feature_names), [], []
    for start in range(0, len(users), _CHUNK):
        chunk = slice(start, start + _CHUNK)
        values = target.iloc[chunk].to_numpy(dtype=np.float32)
        sent, known = client.scatter([_columns(users.iloc[chunk]), values], hash=False)
        matrix = client.submit(encoder.transform, sent, pure=False)
        matrices.append(da.from_delayed(matrix, (len(values), width), np.float32))
        targets.append(da.from_delayed(known, (len(values),), np.float32))
    regressor = XGBRegressor(**booster, random_state=seed)
    data = xgb_dask.DaskQuantileDMatrix(client, da.concatenate(matrices), da.concatenate(targets))
    grown = xgb_dask.train(
        client, regressor.get_xgb_params(), data, num_boost_round=regressor.n_estimators
    )
    regressor.load_model(grown["booster"].save_raw("ubj"))
    return regressor


def _columns(users: pd.DataFrame) -> Columns:
    return {
        name: users[name].array
        if isinstance(users[name].dtype, pd.CategoricalDtype)
        else users[name].to_numpy(dtype=np.float64)
        for name in users.columns
    }
