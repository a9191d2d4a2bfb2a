"""Offers that learn, shown in a game whose players react to them."""

import json
from typing import Final

from valuebox_cli.demo.walk import Demonstration, Shown, Walk

_LEARNED: Final = "2017-08-15"
"""Two weeks after the made-up game begins."""


def show(walk: Walk) -> Demonstration:
    """Prepare, then go on beside the service; see `Demonstration`."""
    yield
    game = ("--players", 800, "--url", walk.settings["VALUEBOX_URL"])
    walk.valuebox("offers", "simulate", walk.folder / "two-weeks", *game)
    # Where the new model is found to earn less, drawing at random goes on, and the table says so.
    walk.valuebox("offers", "learn", "--at", _LEARNED, codes=(0, 3))
    walk.valuebox("offers", "simulate", walk.folder / "four-weeks", "--days", 28, *game)
    report = walk.folder / "offers.json"
    walk.valuebox("offers", "evaluate", "--since", _LEARNED, "--json", report)
    served, random, *_ = json.loads(report.read_text())["policies"]
    less = random["difference"]
    return Shown(
        f"an offer brings {served['doubly_robust']['value']:.2f}",
        f"{random['doubly_robust']['value']:.2f} by random choice",
        f"better by {-less['upper']:.2f} to {-less['lower']:.2f}"
        if less["upper"] < 0
        else "may be chance",
    )
