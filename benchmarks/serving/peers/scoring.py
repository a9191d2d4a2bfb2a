"""The saved model, read without a model store: for peers that have no BentoML."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import xgboost as xgb

from valuebox.compartments.ltv.features import Encoder
from valuebox.compartments.ltv.uncertainty import Uncertainty
from valuebox.compartments.ltv.user import USERS
from valuebox.statistics.level import Level
from valuebox.statistics.paid import Paid


class Scores(NamedTuple):
    """What the model says, one value for each user, in the currency of `STV`."""

    prediction: list[float]
    lower: list[float]
    upper: list[float]


class Scorer:
    """The same as `LtvModel.predict` and `LtvModel.interval`, from the same files."""

    def __init__(self, folder: Path):
        self.booster = xgb.Booster(model_file=folder / "booster.ubj")
        self.booster.set_param({"nthread": 1})
        self.encoder = Encoder.from_dict(json.loads((folder / "encoder.json").read_bytes()), USERS)
        self.paid = Paid.model_validate_json((folder / "paid.json").read_bytes())
        self.level = Level.from_dict(json.loads((folder / "drift.json").read_bytes()))
        uncertainty = (folder / "uncertainty.json").read_bytes()
        self.uncertainty = Uncertainty.model_validate_json(uncertainty)
        self.tag = os.environ["MODEL_TAG"]

    def __call__(self, columns: Mapping[str, Sequence[Any]]) -> Scores:
        """Encode, predict in place, and finish."""
        matrix = self.encoder.transform(columns)
        return self.finish(self.booster.inplace_predict(matrix), columns["STV"])

    def finish(self, raw: Any, stv: Sequence[float | None] | Any) -> Scores:
        """From what the booster says to what is answered."""
        bounded = self.paid.bounded(np.asarray(raw, dtype=np.float64), stv)
        predictions = self.level.corrected(bounded, stv)
        lower, upper = self.uncertainty.interval(predictions, stv, self.paid.stretch(stv))
        return Scores(predictions.tolist(), lower.tolist(), upper.tolist())


def from_environment() -> Scorer:
    """The model that the benchmark names."""
    return Scorer(Path(os.environ["MODEL_FOLDER"]))
