"""The question on whom a treatment has more effect, and its answer."""

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
    """A point of the Qini curve: what treating a share of the customers gains."""

    model_config = ConfigDict(frozen=True)

    share: float = Field(
        description="Share of the customers who are treated, the best scores first."
    )
    gain: float = Field(
        description="What treating this share gains, divided by the number of all customers."
    )
    gain_lower: float = Field(description="Lower end of the 90 % interval of `gain`.")
    gain_upper: float = Field(description="Upper end of the 90 % interval of `gain`.")
    by_chance: float = Field(
        description="What treating as many customers gains who are drawn by chance."
    )


class ScoredPart(BaseModel):
    """A fifth of the customers, by what the model says of them."""

    model_config = ConfigDict(frozen=True)

    customers: int = Field(description="Customers in this fifth.")
    predicted: float = Field(description="Mean effect that the model predicted for this fifth.")
    effect: float | None = Field(
        description="Effect that was seen in this fifth; null where it lacks one of the arms."
    )


class UpliftReport(BaseModel):
    """Whether it is known on whom a treatment has more effect."""

    model_config = ConfigDict(frozen=True)

    question: UpliftQuestion = Field(
        description="The question, with the defaults of what was not asked for."
    )
    verdict: str = Field(description="The result in a sentence.")
    control: str = Field(description="The arm that was not treated.")
    treated: str = Field(description="The arm that was treated.")
    type: str = Field(description="Type of the events of the metric.")
    measure: Measure = Field(description="`conversion`, `amount` or `count`.")
    customers: int = Field(description="Customers of both arms whose horizon is over.")
    judged: int = Field(
        description="Customers of the half that was not learned from: all figures below are of "
        "them."
    )
    effect: float = Field(
        description="How much the treatment changes the metric of a customer on average."
    )
    effect_lower: float = Field(description="Lower end of the 90 % interval of `effect`.")
    effect_upper: float = Field(description="Upper end of the 90 % interval of `effect`.")
    qini: float = Field(
        description="Mean of what is gained above treating as many by chance, over all shares, for "
        "each customer (Radcliffe's Q, unscaled); 0 where the scores say nothing."
    )
    qini_lower: float = Field(description="Lower end of the 90 % interval of `qini`.")
    qini_upper: float = Field(description="Upper end of the 90 % interval of `qini`.")
    is_proven: bool = Field(
        description="Whether the interval of `qini` is above 0; in 5 of 100 cases it is so by "
        "chance alone."
    )
    curve: list[QiniPoint] = Field(
        description="What is gained by treating growing shares of the customers, up to all of them."
    )
    parts: list[ScoredPart] = Field(description="Fifths of customers, the best scores first.")
    features: list[str] = Field(
        description="Attributes and earlier behaviour that the model looks at."
    )
    set_aside: list[SetAside] = Field(
        description="Events and days of joining whose time cannot be right; they are left out of "
        "everything."
    )
    told_by_arm: list[str] = Field(
        description="Attributes that were left out, because the arms differ in them beyond chance "
        "(p below 0.001): they became known after the exposure, or name the arm."
    )
