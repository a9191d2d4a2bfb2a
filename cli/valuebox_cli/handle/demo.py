"""The handle of upcoming matches, shown with a feed that is killed on the way."""

import json
from urllib.parse import urlsplit

from valuebox_cli.demo.walk import Demonstration, Shown, Walk


def show(walk: Walk) -> Demonstration:
    """Prepare, then go on beside the service; see `Demonstration`."""
    history, report = walk.folder / "history", walk.folder / "forecasts.json"
    walk.valuebox("handle", "simulate", history, "--bets", 20_000)
    walk.valuebox("handle", "load", history)
    walk.valuebox("handle", "train", "--report", report)
    yield
    feed = walk.settings["VALUEBOX_HANDLE_FEED"]
    with walk.beside(feed, "handle", "feed", history, "--port", urlsplit(feed).port):
        with_feed = _state(walk)
    without = _state(walk)
    judged = json.loads(report.read_text())["all"]
    return Shown(
        f"off by {judged['wape']:.1%} of what is wagered",
        f"{judged['last_three']:.1%} by the last three matches",
        f"{with_feed} with the feed, {without} once it was killed",
    )


def _state(walk: Walk) -> str:
    """How an answer says it is, whatever has become of the feed."""
    return walk.valuebox("handle", "forecast").strip().split(",")[0]
