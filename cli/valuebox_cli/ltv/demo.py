"""Lifetime values of subscribers, shown from a file of users to means that are right."""

import json

from valuebox_cli.demo.walk import Demonstration, Shown, Walk


def show(walk: Walk) -> Demonstration:
    """Prepare, then go on beside the service; see `Demonstration`."""
    walk.valuebox("train", "--data", walk.data)
    yield
    report = walk.folder / "evaluated.json"
    walk.valuebox("evaluate", walk.data / "valid.csv", "--report", report)
    month = json.loads(report.read_text())["cohorts"]["month"]
    error, base = month["weighted"], month["weighted_baseline"]
    return Shown(
        f"monthly means are off by {error:.3f}",
        f"{base:.3f} by a table of means",
        "better" if error < base else "no better",
    )
