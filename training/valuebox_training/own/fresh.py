"""A process that loads a pickled estimator, asks it once, and writes down what that took.

Run by `pickled`, as `python -I -m valuebox_training.own.fresh FOLDER`.
"""

import json
import pickle
import re
import sys
from importlib.metadata import packages_distributions, requires, version
from pathlib import Path
from typing import Final

import numpy as np

from valuebox.models.estimators import numbers_of

PICKLE: Final = "estimator.pickle"
ROWS: Final = "rows.npy"
ANSWER: Final = "answer.json"


def ask(folder: Path) -> None:
    """Load the pickle of a folder, and write what it says of the rows, and what it was made of."""
    before = set(sys.modules)
    # Made a moment ago, by the process that has started this one.
    estimator = pickle.loads((folder / PICKLE).read_bytes())  # noqa: S301
    said = numbers_of(estimator, np.load(folder / ROWS, allow_pickle=False))
    of = packages_distributions()
    names = {one.partition(".")[0] for one in set(sys.modules) - before}
    packages = sorted({package for name in names for package in of.get(name, ())})
    needs = {one: version(one) for one in packages if one.lower() not in _of_service()}
    (folder / ANSWER).write_text(json.dumps({"said": said.tolist(), "needs": needs}))


def _of_service() -> set[str]:
    """Packages that every service has."""
    wanted = [one for one in requires("valuebox") or () if "extra ==" not in one]
    return {re.split("[^A-Za-z0-9_.-]", one, maxsplit=1)[0].lower() for one in wanted}


if __name__ == "__main__":
    ask(Path(sys.argv[1]))
