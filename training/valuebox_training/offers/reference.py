"""Decisions that a model has learned from, by what was known and foretold."""

from typing import Final

import numpy as np

from valuebox.compartments.offers.decisions import Decisions
from valuebox.compartments.offers.model import OffersModel
from valuebox.features.bins import SHARE_EDGES, Reference, prediction_codes
from valuebox.features.declared.columns import Coded, values
from valuebox_training.features.binning import category_bins, number_bins

_MOST: Final = 10_000
"""Decisions that are counted at most: the newest."""


def reference_of(model: OffersModel, decisions: Decisions) -> Reference:
    """Count the newest decisions by bin, as those of the days after them will be.

    Args:
        model: Which has learned from the decisions.
        decisions: In any order.
    """
    newest = decisions.where(np.argsort(decisions.time, kind="stable")[-_MOST:])
    worth = model.worth(newest.features, newest.candidates)
    # As often as the model itself will choose each candidate, whatever was chosen so far.
    often = model.propensities(worth, newest.begins)
    codes = prediction_codes(worth.chance, SHARE_EDGES)
    expected = np.bincount(codes, often, len(SHARE_EDGES) + 1)
    rows = np.arange(len(newest))
    texts = {
        name: [one if isinstance(one, str) else None for one in values(column, rows)]
        for name, column in newest.features.items()
        if isinstance(column, Coded)
    }
    return Reference(
        numbers={
            name: number_bins(column)
            for name, column in newest.features.items()
            if not isinstance(column, Coded)
        },
        categories={
            name: category_bins(column, sorted({one for one in column if one is not None}))
            for name, column in texts.items()
        },
        predictions=np.rint(expected).astype(int).tolist(),
    )
