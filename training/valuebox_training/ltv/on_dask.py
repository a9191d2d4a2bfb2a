"""Learning with the trees grown on a Dask cluster, by `xgboost.dask`."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from xgboost import XGBRegressor

from valuebox.compartments.ltv.features import Columns, Encoder

if TYPE_CHECKING:
    from distributed import Client

_CHUNK: Final = 100_000
_LOOK_SECONDS: Final = 1.0
"""How often it is looked whether all workers are still there."""


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

    Raises:
        ConnectionError: when a worker goes: all of them grow each tree together.
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

    def grow() -> Any:
        data = xgb_dask.DaskQuantileDMatrix(
            client, da.concatenate(matrices), da.concatenate(targets)
        )
        rounds = regressor.n_estimators
        return xgb_dask.train(client, regressor.get_xgb_params(), data, num_boost_round=rounds)

    grown = _while_all_are_there(client, grow)
    regressor.load_model(grown["booster"].save_raw("ubj"))
    return regressor


def _while_all_are_there(client: "Client", work: Callable[[], Any]) -> Any:
    """What comes of work that would wait for a worker that has gone."""
    workers, done = set(client.nthreads()), Future[Any]()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:
            done.set_exception(error)

    # Nobody waits for this thread where it would wait for ever.
    Thread(target=run, daemon=True).start()
    while not wait([done], _LOOK_SECONDS).done:
        if gone := workers - set(client.nthreads()):
            raise ConnectionError(f"{', '.join(sorted(gone))} went while trees were grown")
    return done.result()


def _columns(users: pd.DataFrame) -> Columns:
    return {
        name: users[name].array
        if isinstance(users[name].dtype, pd.CategoricalDtype)
        else users[name].to_numpy(dtype=np.float64)
        for name in users.columns
    }
