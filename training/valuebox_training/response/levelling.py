"""The level of each category, from many more customers than a response model is learned from.

Few of the customers whom a model is learned from respond in a rare category, so that the model
knows who is likelier to, and not how many will. That is counted among many customers of the last
months.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from valuebox.compartments.response.level import noise, offset
from valuebox.compartments.response.model import Pair, ResponseModel, within
from valuebox.facts.reading import FactColumns
from valuebox.facts.windows import Floats, there

MONTHS: Final = 3
"""How many of the last months are counted."""
MOST_CUSTOMERS: Final = 20_000
"""Customers of each month at most; of more, some are drawn by chance."""
_AT_ONCE: Final = 5_000
_SPREAD: Final = 0.5
"""Standard deviation of what a category may be off by, in log-odds, before anything is counted."""


def levelled(
    model: ResponseModel, facts: FactColumns, starts: Sequence[np.datetime64], seed: int = 0
) -> ResponseModel:
    """The model with as many expected in each category as came, as far as that is not chance.

    Args:
        model: Whose categories may have levels already, which are corrected.
        facts: What happened before and within the months.
        starts: Of months that it may look at, UTC, the last one first.
        seed: Of the customers that are drawn.
    """
    if not starts or not model.encoder.categories:
        return model
    rng = np.random.default_rng(seed)
    said: list[list[Floats]] = [[] for _ in model.pairs]
    came = np.zeros((len(model.pairs), len(model.encoder.categories)))
    for start in starts[:MONTHS]:
        chosen = there(facts, start, model.days)
        if len(chosen) > MOST_CUSTOMERS:
            chosen = np.sort(rng.choice(chosen, MOST_CUSTOMERS, replace=False))
        history = model.encoder.history(facts, start)
        for first in range(0, len(chosen), _AT_ONCE):
            some = chosen[first : first + _AT_ONCE]
            every = model.encoder.of_responses(history, start, some, model.days)
            each = model.encoder.of_categories(history, start, some, model.days)
            did = model.encoder.happened(history, start, model.days, some)
            did = did.reshape(len(some), len(model.pairs), -1)[:, :, 1:]
            for place, pair in enumerate(model.pairs):
                inside = within(each[:, place], every[:, place, None], pair.any)
                said[place].append(pair.categories.log_odds(inside))
                came[place] += did[:, place].sum(axis=0)
    pairs = [
        _levelled(pair, np.concatenate(parts), counts) if parts else pair
        for pair, parts, counts in zip(model.pairs, said, came, strict=True)
    ]
    return replace(model, pairs=tuple(pairs))


def _levelled(pair: Pair, said: Floats, came: Floats) -> Pair:
    shifts = []
    for column, count in zip(said.T, came.tolist(), strict=True):
        sure = _SPREAD**2 / (_SPREAD**2 + noise(column))
        shifts.append(sure * offset(column, count))
    ranker = pair.categories
    before = np.array(ranker.regressions.cells or [0.0] * len(shifts))
    cells = tuple((before + shifts).tolist())
    regressions = ranker.regressions.model_copy(update={"cells": cells})
    return Pair(pair.any, replace(ranker, regressions=regressions))
