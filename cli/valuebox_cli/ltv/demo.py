"""Lifetime values of subscribers, shown from a file of users to means that are right."""

import json
from typing import Final

import pandas as pd

from valuebox_cli.demo.walk import Demonstration, Shown, Walk

_AT_ONCE: Final = 5_000
"""Users whose outcomes a request tells; it takes 10,000 at most."""


def show(walk: Walk) -> Demonstration:
    """Prepare, then go on beside the service; see `Demonstration`."""
    walk.valuebox("train", "--data", walk.data)
    yield
    report = walk.folder / "evaluated.json"
    walk.valuebox("evaluate", walk.data / "valid.csv", "--report", report)
    outcomes = pd.read_csv(walk.data / "valid.csv", usecols=["user_id", "target"]).dropna()
    with walk.client("POST /v1/ltv/outcomes    # what these users have spent") as client:
        for first in range(0, len(outcomes), _AT_ONCE):
            client.outcomes(outcomes[first : first + _AT_ONCE])
    month = json.loads(report.read_text())["cohorts"]["month"]
    error, base = month["weighted"], month["weighted_baseline"]
    return Shown(
        f"monthly means are off by {error:.3f}",
        f"{base:.3f} by a table of means",
        "better" if error < base else "no better",
    )
