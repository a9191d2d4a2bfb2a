"""What an experiment is asked about, and what is answered."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from valuebox.compartments.growth.loaded.strays import SetAside
from valuebox.compartments.growth.schemas import (
    Clocked,
    Group,
    GrowthQuestion,
    Name,
    OnlyCurrency,
    Sources,
)
from valuebox.facts.schemas import Type
from valuebox.schemas.moments import Moment, TimeZone
from valuebox.schemas.requests import RequestModel
from valuebox.schemas.values import Model
from valuebox.statistics.sample_ratio import RatioMismatch

MOST_ARMS: Final = 20
MOST_METRICS: Final = 8

Measure = Literal["conversion", "amount", "count"]


class Metric(Model):
    """A figure of every customer that arms are compared by, within the horizon."""

    type: Type = Field(description="Type of the events that count.", examples=["bought"])
    measure: Measure = Field(
        default="conversion",
        description="`conversion`: whether there is any such event; `count`: how many; `amount`: "
        "the sum of their amounts, of the first such metric less what was refunded.",
        examples=["amount"],
    )
    cap: float | None = Field(
        default=None,
        ge=50,
        lt=100,
        description="Percentile above which a count or an amount is cut, of all customers of all "
        "arms who have any; null to cut nothing.",
        examples=[99.0],
    )


class ExperimentQuestion(Clocked, RequestModel):
    """Which customers were in which arm since when, and what is compared."""

    max_values = 1_000

    sources: Sources | None = Field(
        default=None, description="Customers of these sources; null for all.", examples=[["shop"]]
    )
    attribute: Name | None = Field(
        default=None,
        description="The attribute of customers that names their arm; null where "
        "`exposure_property` does.",
        examples=["segment"],
    )
    exposure_property: Name | None = Field(
        default=None,
        description="The property of the exposure that names the arm; null where `attribute` does.",
        examples=["variant"],
    )
    exposure: Type | None = Field(
        default=None,
        description="The type of event with which a customer first met their arm; null where that "
        "was when they were created, or at `start` if that is later.",
        examples=["exposed"],
    )
    control: Group = Field(
        description="The arm that the others are compared with.", examples=["control"]
    )
    shares: Annotated[
        dict[Group, Annotated[float, Field(strict=True, gt=0, le=1)]],
        Field(max_length=MOST_ARMS),
    ] = Field(
        default={},
        description="The share of customers that each arm was meant to get; empty for equal ones.",
        examples=[{"control": 0.5, "new": 0.5}],
    )
    start: Moment | None = Field(
        default=None,
        description="Exposures from then on; an earlier one is that of no customer.",
        examples=["2024-05-01T00:00:00Z"],
    )
    end: Moment | None = Field(
        default=None,
        description="Exposures and outcomes before then.",
        examples=["2024-07-01T00:00:00Z"],
    )
    timezone: TimeZone = Field(
        default="UTC",
        description="Dates and moments of the question without a zone are in it, and a day is one "
        "of its clock.",
        examples=["Europe/Berlin"],
    )
    horizon_days: int = Field(
        default=30,
        strict=True,
        ge=1,
        le=366,
        description="Events within so many days after the exposure are outcomes; customers whose "
        "days are not over are left out.",
        examples=[14],
    )
    pre_days: int = Field(
        default=0,
        strict=True,
        ge=0,
        le=366,
        description="Days before the exposure whose events take variance away (CUPED); 0 for none.",
        examples=[30],
    )
    metrics: Annotated[list[Metric], Field(min_length=1, max_length=MOST_METRICS)] = Field(
        default=[Metric(type="bought"), Metric(type="bought", measure="amount")],
        description="What is compared.",
        examples=[[{"type": "bought"}, {"type": "bought", "measure": "amount", "cap": 99.0}]],
    )
    currency: OnlyCurrency = None

    @property
    def purchase(self) -> str:
        """The type of event from whose amounts refunds are taken."""
        amounts = [one.type for one in self.metrics if one.measure == "amount"]
        return (amounts or [self.metrics[0].type])[0]

    @property
    def facts(self) -> GrowthQuestion:
        """What is read of the database to answer this."""
        types = [one.type for one in self.metrics]
        return GrowthQuestion(
            sources=self.sources,
            timezone=self.timezone,
            attribute=self.attribute or "source",
            attribute_is="name",
            purchase=self.purchase,
            category=self.exposure_property or "category",
            responses=list(
                dict.fromkeys(types if self.exposure is None else [*types, self.exposure])
            ),
            currency=self.currency,
        )


class Arm(BaseModel):
    """An arm of the experiment: customers who met the same variant."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(description="Name of the arm, as the attribute or the property has it.")
    exposed: int = Field(description="Customers who met this arm, and no other.")
    meant: float = Field(description="How many of all exposed customers this arm was meant to get.")
    judged: int = Field(
        description="Customers among `exposed` whose horizon is over: these are compared."
    )


class MeasuredMetric(Metric):
    """A metric, and how it was measured."""

    model_config = ConfigDict(frozen=True)

    capped_at: float | None = Field(
        description="Value at which larger ones were cut; null where none was."
    )
    capped: int = Field(description="Customers whose value was cut.")
    variance_reduction: float | None = Field(
        description="Share of the variance that `pre_days` took away; null without CUPED."
    )
    detectable: float | None = Field(
        description="The lift that an arm of this size would be found to have in 4 of 5 cases; "
        "null where nothing varies."
    )


class Effect(BaseModel):
    """An arm beside the control, in one metric."""

    model_config = ConfigDict(frozen=True)

    arm: str = Field(description="Name of the arm.")
    type: str = Field(description="Type of the events of the metric.")
    measure: Measure = Field(description="`conversion`, `amount` or `count`.")
    control: float = Field(description="The metric for each customer of the control.")
    each: float = Field(description="The metric for each customer of the arm.")
    difference: float = Field(description="`each` less `control`.")
    lift: float | None = Field(
        description="The difference as a share of `control`; null where that is 0 or below."
    )
    lower: float | None = Field(description="Lower end of the 90 % interval of the lift.")
    upper: float | None = Field(
        description="Upper end of the 90 % interval of the lift; null where there is none."
    )
    no_interval: str | None = Field(
        description="Why amounts or counts have no interval; null where there is one."
    )
    p_value: float | None = Field(
        description="Probability of such a difference, or a larger one, by chance alone: "
        "two-sided, of this test by itself; null with fewer than 20 customers on "
        "either side."
    )
    p_adjusted: float | None = Field(
        description="`p_value` adjusted for all arms and metrics (Holm)."
    )
    no_test: str | None = Field(description="Why `p_value` is null; null where it is not.")
    is_real: bool = Field(
        description="Whether `p_adjusted` is at most 0.05 and the arms are as large as meant."
    )


class ExperimentReport(BaseModel):
    """What an experiment has shown: a verdict, and every arm beside the control."""

    model_config = ConfigDict(frozen=True)

    question: ExperimentQuestion = Field(
        description="The question, with the defaults of what was not asked for."
    )
    verdict: str = Field(description="The result in a sentence.")
    arms: list[Arm] = Field(description="Arms of the experiment, the control first.")
    mismatch: RatioMismatch = Field(description="Whether the arms are as large as meant.")
    several_arms: int = Field(description="Customers who met more than one arm; they are left out.")
    no_arm: int = Field(description="Customers who were exposed to an arm without a name.")
    no_moment: int = Field(
        description="Customers with an arm who were never exposed, or not within the period."
    )
    not_over: int = Field(
        description="Customers who are left out because their horizon is not over yet."
    )
    set_aside: list[SetAside] = Field(
        description="Events and days of joining whose time cannot be right; they are left out of "
        "everything."
    )
    metrics: list[MeasuredMetric] = Field(description="How each metric was measured.")
    effects: list[Effect] = Field(
        description="Every arm beside the control in every metric, by metric and then by arm."
    )
