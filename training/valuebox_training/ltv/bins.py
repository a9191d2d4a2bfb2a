"""The training users by feature and by prediction; see `valuebox.features.bins`."""

from typing import Any

import numpy as np
import pandas as pd

from valuebox.compartments.ltv.features import Encoder
from valuebox.features.bins import PREDICTION_EDGES, NumberBins, Reference, prediction_codes
from valuebox.statistics.arrays import Floats
from valuebox_training.features.binning import (
    category_bins,
    counted,
    flag_bins,
    number_bins,
)


def fit_reference(encoder: Encoder, users: pd.DataFrame, predictions: Floats) -> Reference:
    """Count the training users.

    Args:
        encoder: That has learned the categories.
        users: As they were, without the gaps that training makes.
        predictions: What the model says of them, `(n_users,)`.
    """
    return Reference(
        numbers={
            name: _of_numbers(users[name], name in encoder.shape.amounts)
            for name in encoder.numeric
        },
        categories={
            name: category_bins(
                users[name].where(users[name].notna(), None).tolist(), encoder.categories[name]
            )
            for name in encoder.categorical
        },
        predictions=counted(prediction_codes(predictions), len(PREDICTION_EDGES) + 1),
    )


def _of_numbers(column: "pd.Series[Any]", are_many: bool) -> NumberBins:
    numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
    return number_bins(numbers) if are_many else flag_bins(numbers)
