"""What a model of handle is, in words."""

from typing import Any

from valuebox.compartments.handle.model import HandleModel
from valuebox.models.cards import beginning, ending


def card_of(model: HandleModel) -> dict[str, str]:
    """What a model is, by what is told of it, for people."""
    told: dict[str, Any] = model.metadata
    described = beginning(model)
    if "matches" in told:
        described["learned from"] = (
            f"{told['matches']:,} matches, {told['first'][:10]} to {told['last'][:10]}"
        )
    if "judged" in told:
        described["error in the past"] = ", ".join(
            f"{one['wape']:.1%} {name} ({one['slot_mean']:.1%} by the mean of the slot, "
            f"{one['inside']:.0%} in their interval)"
            for name, one in told["judged"].items()
        )
    variances = sorted(model.recipe.variances.items(), key=lambda one: -one[1])
    described["varies by"] = ", ".join(f"{name} {value:.3g}" for name, value in variances[:6])
    return described | ending(told)
