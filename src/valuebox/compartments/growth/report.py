"""The report: all that a growth team asks of users, campaigns and events, in one answer."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from valuebox.compartments.growth.activity.churn import Churn
from valuebox.compartments.growth.activity.counts import Action, Bar, EventsPerCustomer
from valuebox.compartments.growth.activity.demographics import Demographic
from valuebox.compartments.growth.activity.retention import Retention
from valuebox.compartments.growth.activity.series import TimeSeries
from valuebox.compartments.growth.change.comparison import Comparison
from valuebox.compartments.growth.change.segments import Discovery
from valuebox.compartments.growth.loaded.strays import SetAside
from valuebox.compartments.growth.schemas import GrowthQuestion
from valuebox.compartments.growth.spending.advertising import Advertising
from valuebox.compartments.growth.spending.profit import Profits
from valuebox.compartments.growth.value.formula import FormulaValue
from valuebox.compartments.growth.value.holdout import Holdout
from valuebox.compartments.growth.value.leaving import Leaving
from valuebox.compartments.growth.value.predicted import Predicted
from valuebox.compartments.growth.value.probabilistic import ProbabilisticValue
from valuebox.compartments.growth.value.rfm import Rfm


class Span(BaseModel):
    """How many customers and events the report is based on, and of what time."""

    model_config = ConfigDict(frozen=True)

    customers: int = Field(description="Customers of the sources that were asked for.")
    events: int = Field(description="Events of these sources in the period that was asked for.")
    hanging: int = Field(description="Events of nobody, or of customers of whom nothing is stored.")
    sources: list[Bar] = Field(description="Number of customers from each source.")
    first: datetime | None = Field(
        description="Time of the first event, in the time zone of the question."
    )
    last: datetime | None = Field(
        description="Time of the last event, in the time zone of the question."
    )
    until: datetime | None = Field(
        description="When the facts end: up to then customers were watched."
    )
    set_aside: list[SetAside] = Field(
        description="Moments that cannot be right, such as of events in 2099, by why; no part of "
        "the report has them."
    )


class GrowthReport(BaseModel):
    """Who the users are, what they do, what they bring, what changed, and what to do about it.

    Parts that cannot be made of what there is are null or empty; `left_out` says why.
    """

    model_config = ConfigDict(frozen=True)

    question: GrowthQuestion = Field(
        description="The question, with the defaults of what was not asked for."
    )
    unmatched: dict[str, list[str]] = Field(
        description="Names in the question that no customer, event or group has, by field of the "
        "question."
    )
    span: Span = Field(description="What the report is based on.")
    users: list[Bar] = Field(description="Number of customers in each group.")
    types: list[Bar] = Field(description="Number of events of each type.")
    actions: list[Action] = Field(
        description="Number of events by group of customers, category and type."
    )
    events_per_customer: EventsPerCustomer = Field(description="How many events customers have.")
    profits: Profits = Field(description="Where the money comes from.")
    series: list[TimeSeries] = Field(description="What happened by day, by week and by month.")
    comparison: Comparison | None = Field(description="What changed since the baseline.")
    retention: Retention | None = Field(
        description="How many customers of each monthly cohort are still active later."
    )
    churn: Churn | None = Field(description="How many customers stopped coming.")
    formula: FormulaValue | None = Field(
        description="Lifetime value as order value × repeat sales a month × months active."
    )
    probabilistic: ProbabilisticValue | None = Field(
        description="Lifetime value by BG/NBD and Gamma-Gamma."
    )
    rfm: Rfm | None = Field(
        description="Buyers by how lately and how often they bought, and what such buyers did next."
    )
    leaving: Leaving | None = Field(description="Who has probably left, or soon will.")
    holdout: Holdout | None = Field(
        description="The lifetime values of `formula` and `probabilistic`, judged by what was "
        "bought after them."
    )
    demographics: list[Demographic] = Field(
        description="Customers by every value of every attribute, the most profitable first."
    )
    advertising: Advertising | None = Field(
        description="Which campaigns are worth most, and where to put the advertising money."
    )
    segments: Discovery | None = Field(
        description="Segments of customers that respond more or less often than all others."
    )
    predicted: Predicted | None = Field(
        description="Predictions of the `ltv` compartment beside what the same customers have "
        "brought."
    )
    left_out: dict[str, str] = Field(
        description="Parts of the report that could not be made, and why."
    )
