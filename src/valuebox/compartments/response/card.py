"""What a response model is, in words."""

from collections.abc import Mapping
from typing import Any

from valuebox.compartments.response.model import Predictor
from valuebox.models.cards import beginning, ending


def card_of(model: Predictor) -> dict[str, str]:
    """What a model is, by what is told of it, for people."""
    told = model.metadata
    card = beginning(model)
    if "learned" in told:
        learned = told["learned"]
        card["learned from"] = (
            f"{learned['customers']:,} customers of {', '.join(learned['sources'])}, in "
            f"{learned['rounds']} times {model.days} days until {learned['until'][:10]}"
        )
    card["predicts"] = f"{', '.join(model.encoder.responses)} within {model.days} days"
    if model.encoder.categories:
        card[f"by {model.category}"] = ", ".join(model.encoder.categories)
    if "validation" in told:
        judged = told["validation"]
        card["judged on"] = (
            f"{judged['customers']:,} customers, the month from {judged['start'][:10]}"
        )
        for one in judged.get("responses", ()):
            card[one["response"]] = _judged(one)
    if model.reference is not None:
        users = max(sum(bins.users) for bins in model.reference.features.values())
        card["compared with"] = (
            f"{users:,} customers as they were then, by {len(model.reference.features)} features"
        )
    return card | ending(told)


def _judged(one: Mapping[str, Any]) -> str:
    parts = [
        f"{one['responders']:,} did, {one['expected_lower']:,.0f} to {one['expected_upper']:,.0f} "
        "expected"
    ]
    if one["auc"] is not None:
        parts += [
            f"{title} {one[name]:{style}} ({one[f'{name}_baseline']:{style}} by recency and counts)"
            for name, title, style in (
                ("auc", "AUC", ".3f"),
                ("lift", "lift of the best tenth", ".2f"),
                ("brier", "Brier", ".4f"),
            )
        ]
    return ", ".join(parts)
