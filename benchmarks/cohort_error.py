"""Cohort errors of the model that `valuebox train` fits, side by side with simpler ones.

    python benchmarks/cohort_error.py [DATA_DIR]

Every contender learns from DATA_DIR/train.csv and is judged on DATA_DIR/valid.csv.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from valuebox import cohorts
from valuebox.ltv.features import CATEGORICAL, NUMERIC
from valuebox.ltv.files import columns_of, read_users
from valuebox.registry import library_versions
from valuebox_training import pipeline


def contenders(train: pd.DataFrame, valid: pd.DataFrame) -> dict[str, NDArray[np.float64]]:
    """Predictions for the validation users, by contender."""
    linear = make_pipeline(
        make_column_transformer(
            (StandardScaler(), list(NUMERIC)),
            (OneHotEncoder(handle_unknown="ignore"), list(CATEGORICAL)),
        ),
        LinearRegression(),
    )
    model = pipeline.to_model(pipeline.fit(train), train)
    by_segment = train.groupby("country_segment")["target"].mean()
    return {
        "valuebox": model.predict(columns_of(valid)),
        "linear regression": linear.fit(train, train["target"]).predict(valid),
        "mean of segment and STV": model.baseline.predict(columns_of(valid)),
        "mean of segment": valid["country_segment"]
        .map(by_segment)
        .fillna(train["target"].mean())
        .to_numpy(),
    }


def main() -> None:
    """Print the table."""
    data = Path(sys.argv[1] if len(sys.argv) > 1 else "data")
    train, valid = read_users(data / "train.csv"), read_users(data / "valid.csv")
    versions = ", ".join(f"{name} {version}" for name, version in library_versions().items())
    print(
        f"{datetime.now(UTC):%Y-%m-%d}; {len(train):,} users to learn from, {len(valid):,} judged"
    )
    print(f"{versions}\n")
    print("| | by day | by month | by day, by users | by month, by users |")
    print("|---|---|---|---|---|")
    for name, predictions in contenders(train, valid).items():
        report = cohorts.report(valid.assign(prediction=predictions, baseline=0.0))
        day, month = report.day, report.month
        figures = (day.macro, month.macro, day.weighted, month.weighted)
        print(f"| {name} | {' | '.join(f'{figure:.3f}' for figure in figures)} |")


if __name__ == "__main__":
    main()
