"""What `mlflow models serve` serves, as a model from code; stores nothing.

Run as a script it puts the model into a folder, once.
"""

import sys
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel
from scoring import Scores, from_environment


class Ltv(PythonModel):
    """The same model."""

    def load_context(self, context: Any) -> None:
        """When it starts."""
        self.score = from_environment()

    def predict(self, context: Any, model_input: pd.DataFrame, params: Any = None) -> pd.DataFrame:
        """One row for each of the input's."""
        columns = {str(name): values.tolist() for name, values in model_input.items()}
        scores = self.score(columns)
        return pd.DataFrame(dict(zip(Scores._fields, scores, strict=True)))


if __name__ == "__main__":
    if not Path(sys.argv[1]).exists():
        mlflow.pyfunc.save_model(sys.argv[1], python_model=__file__, pip_requirements=["mlflow"])
else:
    set_model(Ltv())
