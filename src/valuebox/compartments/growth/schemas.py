"""The question that a growth report answers."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from valuebox.facts.schemas import MAX_AMOUNT, Currency, Source, Type
from valuebox.schemas.moments import Moment, TimeZone, is_time_zone, with_zone
from valuebox.schemas.requests import RequestModel
from valuebox.schemas.values import Model

MAX_SOURCES: Final = 20
MAX_RESPONSES: Final = 10
MAX_LISTED: Final = 1_000
MAX_CAMPAIGNS: Final = 50

# Of properties and attributes: SQLite could not look up any other one.
Name = Annotated[
    str, StringConstraints(min_length=1, max_length=100, pattern=r'^[^"\\\u0000-\u001f]+$')
]
Numbers = Literal["name", "ranges"]
"""What numbers of an attribute are: names, as of campaigns, or measurements, as of ages."""
CohortsBy = Literal["joined", "first_purchase"]
Group = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Sources = Annotated[list[Source], Field(min_length=1, max_length=MAX_SOURCES)]
Money = Annotated[float, Field(strict=True, ge=0, le=MAX_AMOUNT)]


OnlyCurrency = Annotated[
    Currency | None,
    Field(
        description="Only amounts in this one; needed where there are several.", examples=["USD"]
    ),
]


class OfPeriod(Model):
    """What has a `start` and an `end`, which comes later."""

    if TYPE_CHECKING:
        # Whoever inherits says in a place and with words of its own what these mean.
        start: Moment | None
        end: Moment | None

    @model_validator(mode="after")
    def _is_a_period(self) -> Self:
        if self.start and self.end and self.start >= self.end:
            raise PydanticCustomError("period", "A period should end after it starts")
        return self


class Clocked(OfPeriod):
    """A question whose moments without a zone are on the clock of its `timezone`."""

    if TYPE_CHECKING:
        timezone: TimeZone

    @property
    def zone(self) -> ZoneInfo:
        """The time zone itself."""
        return ZoneInfo(self.timezone)

    @model_validator(mode="before")
    @classmethod
    def _on_its_clock(cls, data: Any) -> Any:
        if not isinstance(data, Mapping) or not is_time_zone(data.get("timezone", "UTC")):
            return data
        zone = ZoneInfo(data.get("timezone", "UTC"))
        asked = {**data, **_zoned(data, zone)}
        if isinstance(baseline := data.get("baseline"), Mapping):
            asked["baseline"] = {**baseline, **_zoned(baseline, zone)}
        return asked


class Baseline(OfPeriod):
    """What is compared with: other sources, another period, or both."""

    sources: Sources | None = Field(
        default=None,
        description="Sources whose customers are compared with; null for the sources of the "
        "report.",
        examples=[["campaign-1"]],
    )
    start: Moment | None = Field(
        default=None,
        description="Only events from this moment on are compared with.",
        examples=["2013-05-01T00:00:00Z"],
    )
    end: Moment | None = Field(
        default=None,
        description="Only events before this moment are compared with, of customers who had joined "
        "by then.",
        examples=["2013-06-01T00:00:00Z"],
    )


class GrowthQuestion(Clocked, RequestModel):
    """What to report on; `{}` reports on everything that is stored."""

    max_values = 10_000

    sources: Sources | None = Field(
        default=None,
        description="Sources whose customers are reported on; null for all.",
        examples=[["campaign-2"]],
    )
    start: Moment | None = Field(
        default=None,
        description="Only events from this moment on count.",
        examples=["2013-06-01T00:00:00Z"],
    )
    end: Moment | None = Field(
        default=None,
        description="Only events before this moment count, of customers who had joined by then.",
        examples=["2013-07-01T00:00:00Z"],
    )
    timezone: TimeZone = Field(
        default="UTC",
        description="Time zone whose days and months are meant. Moments of the question that come "
        "without a zone are in it, and all moments of the answer are.",
        examples=["Europe/Berlin"],
    )
    cohorts: CohortsBy = Field(
        default="joined",
        description="What makes customers a cohort in the table of retention: the month in which "
        "they `joined`, active with any event; or that of their `first_purchase`, "
        "active with a purchase.",
        examples=["first_purchase"],
    )
    baseline: Baseline | None = Field(
        default=None,
        description="What the report is compared with; null where no lift is asked for.",
        examples=[{"sources": ["campaign-1"]}],
    )
    attribute: Name = Field(
        default="campaign",
        description="Attribute of customers that groups them, such as `campaign`; `source` groups "
        "them by where they come from.",
        examples=["campaign"],
    )
    attribute_is: Numbers | None = Field(
        default=None,
        description="What numbers in `attribute` are: `name`, as of campaigns, so that each number "
        "is a group; or `ranges`, as of ages. Null takes them for names where there "
        "are up to 50 different ones, or whole ones of the same length such as "
        "20190801.",
        examples=["name"],
    )
    category: Name = Field(
        default="category",
        description="The property of events that says what they were about.",
        examples=["category"],
    )
    purchase: Type = Field(
        default="bought", description="The type of event that brings money.", examples=["bought"]
    )
    responses: Annotated[list[Type], Field(min_length=1, max_length=MAX_RESPONSES)] = Field(
        default=["bought", "like", "share"],
        description="Types of events whose lift is looked at.",
        examples=[["bought", "like", "share"]],
    )
    price: Money | None = Field(
        default=None,
        description="What every purchase brings; null for the amounts in the data.",
        examples=[1.0],
    )
    refunds: Annotated[list[Type], Field(max_length=MAX_RESPONSES)] | None = Field(
        default=None,
        description="Types of events that take money back, whatever the sign of their amount, "
        "besides purchases with a negative one. Null for types that say so in their name and have "
        "an amount, such as `refunded` and `order cancelled`.",
        examples=[["refunded"]],
    )
    margin: Annotated[float, Field(strict=True, gt=0, le=1)] | None = Field(
        default=None,
        description="Share of the revenue that is left after costs; null where these are not "
        "known. With it, or with `cost`, amounts are profit; without, they are revenue.",
        examples=[0.3],
    )
    cost: Money | None = Field(
        default=None,
        description="What every purchase costs besides, such as 1.0 a meal; not paid back by "
        "refunds.",
        examples=[1.0],
    )
    cost_property: Name | None = Field(
        default=None,
        description="The property of events, a number, that says what each purchase cost, and "
        "what a refund brings back of that; null where there is none.",
        examples=["cost"],
    )
    currency: OnlyCurrency = None
    spend: Annotated[dict[Group, Money], Field(max_length=MAX_CAMPAIGNS)] = Field(
        default={},
        description="What each group of customers cost in advertising, by name, in the currency of "
        "the amounts.",
        examples=[{"TW": 120.0, "FB": 300.0}],
    )
    churn_days: int = Field(
        default=90,
        strict=True,
        ge=1,
        le=3_650,
        description="Days without an event after which a customer has churned.",
        examples=[90],
    )
    weeks: int = Field(
        default=52,
        strict=True,
        ge=1,
        le=520,
        description="How many weeks ahead customers are valued.",
        examples=[52],
    )
    discount: float = Field(
        default=0.0,
        strict=True,
        ge=0,
        le=1,
        description="By how much less money is worth that comes a year later: 0.1 is 10 %.",
        examples=[0.1],
    )
    cancellation: Type | None = Field(
        default=None,
        description="The type of event with which a customer ends a subscription; null where there "
        "are no subscriptions.",
        examples=["cancelled"],
    )
    subscription: Type | None = Field(
        default=None,
        description="The type of event with which a subscription begins; null where it begins "
        "when the customer is created.",
        examples=["subscribed"],
    )
    renewal_days: int = Field(
        default=30,
        strict=True,
        ge=1,
        le=3_650,
        description="Days after which a subscription is renewed.",
        examples=[30],
    )
    users_source: Source | None = Field(
        default=None,
        description="The source whose customers are users of the `ltv` compartment; their "
        "predictions are joined in. Null where there is none.",
        examples=["shop"],
    )
    top: int = Field(
        default=20,
        strict=True,
        ge=1,
        le=MAX_LISTED,
        description="How many single customers, and how many segments, are listed.",
        examples=[20],
    )

    @model_validator(mode="after")
    def _buys_or_takes_back(self) -> Self:
        if self.purchase in (self.refunds or ()):
            raise PydanticCustomError("refunds", "The type of purchases should not be a refund's")
        return self


def _zoned(data: Mapping[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    return {
        name: with_zone(value, zone)
        for name in ("start", "end")
        if isinstance(value := data.get(name), str)
    }
