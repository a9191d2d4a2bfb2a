"""What a model of lifetime values is, in words."""

from typing import Any, Final

from valuebox.compartments.ltv.model import LtvModel
from valuebox.models.cards import beginning, ending

_JUDGED: Final = {"day": "by day", "month": "by month"}


def card_of(model: LtvModel) -> dict[str, str]:
    """What a model is, by what is told of it, for people."""
    told: dict[str, Any] = model.metadata
    described = beginning(model)
    if "training_users" in told:
        window = told["training_window"]
        described["learned from"] = (
            f"{told['training_users']:,} users, who joined {window['first_join'][:10]} to "
            f"{window['last_join'][:10]}"
        )
    if "validation" in told:
        judged = told["validation"]
        errors = (
            f"{judged[f'{period}_macro']:.3f} {name} ({judged[f'{period}_macro_baseline']:.3f} by "
            "training means)"
            for period, name in _JUDGED.items()
        )
        described["error of the mean"] = f"{', '.join(errors)}, of {judged['users']:,} later users"
    for name in model.encoder.categorical:
        described[name] = ", ".join(model.encoder.categories[name])
    if own := model.shape.own.columns:
        described["own columns"] = ", ".join(f"{name} ({one.type})" for name, one in own.items())
    described["looks at"] = ", ".join(
        f"{one.feature} {one.mean_absolute:.2f}" for one in model.contributions.features
    )
    return described | ending(told)
