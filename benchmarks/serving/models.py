"""The one model that everybody serves."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bentoml
import numpy as np
from benchmarks.serving.contenders import ROOT
from numpy.typing import NDArray

from valuebox.compartments.ltv.model import LtvModel


@dataclass(frozen=True)
class Model:
    """In a model store, and loaded."""

    loaded: LtvModel
    settings: dict[str, str]
    """Environment variables by which every contender finds it."""

    def expected(self, body: bytes) -> NDArray[np.float64]:
        """Prediction and interval of each user of a body of rows, `(n_users, 3)`."""
        users: list[dict[str, Any]] = json.loads(body)
        columns = {name: [user[name] for user in users] for name in users[0]}
        return np.column_stack(self.loaded.estimate(columns))


def trained(tag: str, folder: Path) -> Model:
    """The model of that tag; without one, a new one learned from `data/`, in `folder`."""
    if not tag:
        tag = "ltv"
        os.environ["BENTOML_HOME"] = str(folder / "bentoml")
        valuebox = str(Path(sys.executable).with_name("valuebox"))
        command = [valuebox, "train", "--data", str(ROOT / "data")]
        subprocess.run(command, check=True, capture_output=True)
    loaded = LtvModel.load(tag)
    settings = {
        "VALUEBOX_MODEL": loaded.tag,
        "MODEL_TAG": loaded.tag,
        "MODEL_FOLDER": str(bentoml.models.get(loaded.tag).path),
    }
    return Model(loaded, settings)
