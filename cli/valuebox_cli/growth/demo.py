"""Growth analytics, shown on the customers of a workshop: which campaign pays."""

import json

from valuebox_cli.demo.walk import Demonstration, Shown, Walk


def show(walk: Walk) -> Demonstration:
    """Prepare, then go on beside the service; see `Demonstration`."""
    walk.valuebox("import", walk.data / "workshop-1.db", "--mapping", walk.data / "workshop.toml")
    yield
    told = json.loads(walk.valuebox("growth", "report", "--source", "workshop-1", "--json"))
    best, *others = told["advertising"]["campaigns"]
    each = sum(one["revenue"] for one in others) / sum(one["customers"] for one in others)
    return Shown(
        f"{best['name']} brings {best['revenue'] / best['customers']:.2f} a customer",
        f"{each:.2f} by all others",
        "beyond chance" if best["is_different"] else "may be chance",
    )
