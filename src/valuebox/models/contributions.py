"""What the model looks at: how far each feature shifts predictions.

A contribution is how far one feature of one user shifts the booster's prediction away from its
average, in the currency of `STV` and before predictions are moved to the level of the last weeks.
Those of all features and the average add up to the prediction (SHAP values; Lundberg et al., From
local explanations to global understanding with explainable AI for trees, Nature Machine
Intelligence 2, 2020).
"""

from typing import Literal

from pydantic import BaseModel, Field


class ValueContribution(BaseModel):
    """How far a feature shifts the predictions of the users who have one of its values."""

    kind: Literal["value", "range", "others", "missing"] = Field(
        description="One value, a range of numbers, all rarer values together, or no value that "
        "was learned."
    )
    value: str = Field(description="The value as text, for people.", examples=["US"])
    users: int = Field(
        description="Users of the sample who have this value. 0 for a missing value that no user "
        "of the sample has: `mean` is then of users whose value was taken away."
    )
    mean: float = Field(
        description="Mean contribution of the feature for these users: above 0 it raises their "
        "prediction."
    )


class FeatureContribution(BaseModel):
    """How far a feature shifts predictions, over all users and by its values."""

    feature: str = Field(description="Name of the feature.", examples=["STV"])
    mean_absolute: float = Field(
        description="Mean absolute contribution over the users of the sample."
    )
    values: list[ValueContribution] = Field(
        description="Contributions by value: numbers in rising order, categories by users; others "
        "and missing last."
    )


class Contributions(BaseModel):
    """Contributions of every feature, in the currency of `STV`, before the level is corrected."""

    users: int = Field(description="Training users in the sample they were computed for.")
    average: float = Field(
        description="The booster's average prediction, which contributions shift."
    )
    features: list[FeatureContribution] = Field(
        description="Contributions by feature, the largest first."
    )
