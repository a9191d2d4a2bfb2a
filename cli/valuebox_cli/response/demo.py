"""Responses to campaigns, shown on customers whom no model has learned from."""

import json
from datetime import UTC, datetime
from typing import Final

from valuebox_cli.demo.walk import Demonstration, Shown, Walk

_CUSTOMERS: Final = 800
"""How many the second campaign has; their ids count from 1."""


def show(walk: Walk) -> Demonstration:
    """Prepare, then go on beside the service; see `Demonstration`."""
    walk.valuebox("import", walk.data / "workshop-2.db", "--mapping", walk.data / "workshop.toml")
    walk.valuebox("growth", "train", "--source", "workshop-1", "--until", "2024-07-01")
    yield
    report = walk.folder / "responses.json"
    later = ("--source", "workshop-2", "--from", "2025-10-01", "--months", 1)
    walk.valuebox("growth", "evaluate", *later, "--report", report)
    customers = [{"source": "workshop-2", "id": str(1 + one)} for one in range(_CUSTOMERS)]
    with walk.client("POST /v1/growth/response    # the same, stored and judged") as client:
        client.response(customers, at=datetime(2025, 10, 1, tzinfo=UTC))
    responses = json.loads(report.read_text())["responses"]
    bought = next(one for one in responses if one["response"] == "bought" and not one["category"])
    best = bought["model"]["points"][0]
    low, high = bought["expected_lower"], bought["expected_upper"]
    return Shown(
        f"the tenth scored best buys {best['lift']:.1f} times as often",
        "1.0 times, by lot",
        f"{bought['responders']} bought, {low:.0f} to {high:.0f} were expected",
    )
