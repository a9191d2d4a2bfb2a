"""What is asked of uplift, and what is answered."""

from pydantic import BaseModel, ConfigDict, Field

from valuebox.compartments.growth.experiments.schemas import ExperimentQuestion, Measure
from valuebox.compartments.growth.loaded.strays import SetAside
from valuebox.compartments.growth.schemas import Group


class UpliftQuestion(ExperimentQuestion):
    """An experiment, of which the first metric is looked at."""

    treated: Group | None = Field(
        default=None,
        description="The arm that is compared with the control; null where there is one other.",
        examples=["new"],
    )


class QiniPoint(BaseModel):
    """What treating a share of the customers gains, the best scores first."""

    model_config = ConfigDict(frozen=True)

    share: float = Field(description="Share of the customers who are treated.")
    gain: float = Field(description="What that gains, for each customer of all.")
    gain_lower: float = Field(description="Lower end of its 90 % interval.")
    gain_upper: float = Field(description="Upper end of its 90 % interval.")
    by_chance: float = Field(description="What treating as many, drawn by chance, gains.")


class ScoredPart(BaseModel):
    """A fifth of the customers, by what the model says of them."""

    model_config = ConfigDict(frozen=True)

    customers: int = Field(description="Customers in this fifth.")
    predicted: float = Field(description="Mean effect that the model foretold.")
    effect: float | None = Field(description="The effect that was seen; null without both arms.")


class UpliftReport(BaseModel):
    """Whether it is known on whom a treatment has more effect."""

    model_config = ConfigDict(frozen=True)

    question: UpliftQuestion = Field(description="What was asked, with what was not said.")
    verdict: str = Field(description="The result in a sentence.")
    control: str = Field(description="The arm that was not treated.")
    treated: str = Field(description="The arm that was.")
    type: str = Field(description="Type of the events of the metric.")
    measure: Measure = Field(description="`conversion`, `amount` or `count`.")
    customers: int = Field(description="Customers of both arms whose horizon is over.")
    judged: int = Field(
        description="Of those, the half that was not learned from: all that follows is of them."
    )
    effect: float = Field(description="What the treatment changes of a customer, in the mean.")
    effect_lower: float = Field(description="Lower end of its 90 % interval.")
    effect_upper: float = Field(description="Upper end of its 90 % interval.")
    qini: float = Field(
        description="Mean of what is gained above treating as many by chance, over all shares, for "
        "each customer (Radcliffe's Q, unscaled); 0 where the scores say nothing."
    )
    qini_lower: float = Field(description="Lower end of its 90 % interval.")
    qini_upper: float = Field(description="Upper end of its 90 % interval.")
    is_proven: bool = Field(
        description="Whether the interval is above 0: in 5 of 100 cases it is without any reason."
    )
    curve: list[QiniPoint] = Field(description="By share of customers, the last one all of them.")
    parts: list[ScoredPart] = Field(description="Fifths of customers, the best scores first.")
    features: list[str] = Field(description="What was known of customers.")
    set_aside: list[SetAside] = Field(
        description="Events, and days of joining, that cannot have been then; nothing counts them."
    )
    told_by_arm: list[str] = Field(
        description="Attributes that were left out, because the arms differ in them beyond chance "
        "(p below 0.001): they became known after the exposure, or name the arm."
    )
