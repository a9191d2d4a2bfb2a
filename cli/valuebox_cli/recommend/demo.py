"""Recommendations, shown in a shop whose visitors react to lists: an experiment of a week."""

import json

from valuebox_cli.demo.walk import Demonstration, Shown, Walk


def show(walk: Walk) -> Demonstration:
    """Prepare, then go on beside the service; see `Demonstration`."""
    walk.valuebox("recommend", "simulate", walk.folder / "shop", "--sessions", 400)
    walk.valuebox("import", walk.folder / "shop", "--mapping", "shop-visits")
    walk.valuebox("recommend", "train", "--source", "shop")
    yield
    experiment = ("spring", "--source", "shop")
    walk.valuebox("recommend", "experiment", "start", *experiment)
    days = ("--after", 14, "--days", 7, "--sessions", 400)
    at = ("--url", walk.settings["VALUEBOX_URL"])
    walk.valuebox("recommend", "simulate", walk.folder / "third-week", *days, *at)
    told = json.loads(walk.valuebox("recommend", "report", *experiment, "--json"))
    views = {one["arm"]: one["value"] for one in told["figures"] if one["kpi"] == "views"}
    (verdict,) = told["verdicts"]
    return Shown(
        f"{views['personal']:.2f} views a session",
        f"{views['popular']:.2f} with popular items",
        verdict["headline"],
    )
