"""What a declaration is made of: splits into blocks, measures, anchors and windows."""

from functools import cached_property
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    FiniteFloat,
    StringConstraints,
    Tag,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from valuebox.features.declared.durations import UNITS, Duration
from valuebox.features.declared.expressions import Formula, formula
from valuebox.schemas.expressions import BadExpression
from valuebox.schemas.moments import TimeZone

MOST_BLOCKS: Final = 1_000
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$")]
Aggregate = Literal["count", "sum", "mean", "min", "max", "first", "last", "distinct"]
AGGREGATES: Final = ("count", "sum", "mean", "min", "max", "first", "last", "distinct")


def _expression(text: str) -> str:
    try:
        formula(text)
    except BadExpression as error:
        raise PydanticCustomError("expression", "{said}", {"said": str(error)}) from None
    return text


def _expression_of_blocks(text: str) -> str:
    try:
        formula(text, of_blocks=True)
    except BadExpression as error:
        raise PydanticCustomError("expression", "{said}", {"said": str(error)}) from None
    return text


def _listed(given: Any) -> Any:
    return [given] if isinstance(given, str) else given


Expression = Annotated[str, AfterValidator(_expression)]
"""An expression over an event."""
Days = Annotated[int, Field(ge=-36_525, le=36_525)]
EventType = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class Part(BaseModel):
    """Base of everything in a declaration: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Split(Part):
    """Where one block ends and the next begins; exactly one of these."""

    by: Expression | None = Field(
        default=None, description="Events with the same value are a block, wherever they lie."
    )
    change: Expression | None = Field(
        default=None,
        description="A new block where the value differs from that of the event before.",
    )
    gap: Duration | None = Field(
        default=None,
        description="A new block where an event comes more than this after the event before.",
    )
    day: TimeZone | None = Field(
        default=None, description="A block is a calendar day in this time zone."
    )
    when: Annotated[str, AfterValidator(_expression_of_blocks)] | None = Field(
        default=None, description="A new block begins with an event of which this is true."
    )

    @model_validator(mode="after")
    def _is_one(self) -> "Split":
        if len(self.model_fields_set) != 1:
            raise PydanticCustomError(
                "split", "Input should have one of by, change, gap, day, when"
            )
        return self


def _counted(given: Any) -> Any:
    return "text" if isinstance(given, str) else "all"


Counted = Annotated[
    Annotated[Literal[True], Tag("all")] | Annotated[Expression, Tag("text")],
    Discriminator(_counted),
]
"""What is counted: all events, or those in which an expression has a value."""


class Measure(Part):
    """One figure of many events: an aggregate, and which events it looks at."""

    count: Counted | None = None
    sum: Expression | None = None
    mean: Expression | None = None
    min: Expression | None = None
    max: Expression | None = None
    first: Expression | None = None
    last: Expression | None = None
    distinct: Expression | None = None
    when: Expression | None = Field(
        default=None, description="Condition on the events; None for all of them."
    )

    @model_validator(mode="after")
    def _is_one(self) -> "Measure":
        if len([one for one in AGGREGATES if getattr(self, one) is not None]) != 1:
            raise PydanticCustomError(
                "aggregate", f"Input should have one of {', '.join(AGGREGATES)}"
            )
        return self

    @cached_property
    def aggregate(self) -> Aggregate:
        """Which one it is."""
        return next(one for one in AGGREGATES if getattr(self, one) is not None)

    @cached_property
    def value(self) -> str | None:
        """The expression that is looked at; None where events alone are counted."""
        found = getattr(self, self.aggregate)
        return None if found is True else found

    @property
    def condition(self) -> Formula | None:
        """The condition, checked."""
        return None if self.when is None else formula(self.when)

    @property
    def names(self) -> frozenset[str]:
        """What it reads of events."""
        return frozenset().union(
            *(formula(one).names for one in (self.value, self.when) if one is not None)
        )


def _two(given: Any) -> Any:
    if not isinstance(given, list | tuple) or len(given) != 2:
        raise PydanticCustomError(
            "ratio", 'Input should name two fields, such as ["wins", "games"]'
        )
    return given


class Ratio(Part):
    """One field divided by another."""

    ratio: Annotated[tuple[Name, Name], BeforeValidator(_two)]


Figured = Annotated[
    Annotated[Measure, Tag("measure")] | Annotated[Ratio, Tag("ratio")],
    Discriminator(
        lambda given: (
            "ratio"
            if isinstance(given, Ratio) or (isinstance(given, dict) and "ratio" in given)
            else "measure"
        )
    ),
]
"""A field: a measure, or a ratio of two."""


_ONE_OR_SEVERAL: Final = WithJsonSchema(
    {
        "anyOf": [
            {"type": "string", "minLength": 1},
            {"type": "array", "items": {"type": "string", "minLength": 1}},
        ]
    }
)


class Anchor(Part):
    """Which events are moments at which features are asked for."""

    type: Annotated[tuple[EventType, ...], BeforeValidator(_listed), _ONE_OR_SEVERAL] = Field(
        default=(), description="The type of such events, or a list of types."
    )
    when: Expression | None = Field(default=None, description="Condition on such events.")
    most: Annotated[int, Field(ge=1, le=1_000_000_000)] | None = Field(
        default=None, description="At most so many a block."
    )
    columns: tuple[Expression, ...] = Field(
        default=(), description="Values of the anchor itself that go along."
    )

    @model_validator(mode="after")
    def _says_something(self) -> "Anchor":
        if not self.type and self.when is None:
            raise PydanticCustomError(
                "anchor", "Input should have a type, a condition `when`, or both"
            )
        return self


class Window(Part):
    """Which events around an anchor are added up."""

    blocks: Annotated[int, Field(ge=-MOST_BLOCKS, le=-1)] | None = Field(
        default=None, description="The last so many blocks before the anchor's own."
    )
    days: Days | None = Field(
        default=None,
        description=(
            "Events within so many times 24 hours: negative before the anchor, positive after it."
        ),
    )
    hours: Annotated[int, Field(ge=-876_600, le=876_600)] | None = Field(
        default=None, description="Events within so many hours, likewise."
    )
    target: bool = Field(
        default=False,
        description="Whether it lies after the anchor, and is what a model learns to predict.",
    )
    own: bool = Field(
        default=True,
        description="Whether events of the anchor's own block count, in windows of time.",
    )
    fields: tuple[Name, ...] | None = Field(
        default=None, description="Which fields; None for all of them."
    )
    cap: dict[Name, FiniteFloat] = Field(
        default={}, description="For each field the largest value that a further column has."
    )

    @property
    def length(self) -> int:
        """Length of a window of time in microseconds, at least 0; 0 where blocks are counted."""
        return abs((self.days or 0) * UNITS["day"] + (self.hours or 0) * UNITS["hour"])

    @model_validator(mode="after")
    def _is_one(self) -> "Window":
        reach = [one for one in (self.blocks, self.days, self.hours) if one is not None]
        if len(reach) != 1 or not reach[0]:
            raise PydanticCustomError(
                "window", "Input should have one of blocks, days, hours, not 0"
            )
        if self.target is not (reach[0] > 0):
            raise PydanticCustomError(
                "direction",
                "Input should be negative, which is before the anchor, or positive with "
                "target = true, which is after it",
            )
        if not self.own and (self.blocks is not None or self.target):
            raise PydanticCustomError(
                "own", "Input should have `own` in windows of time before the anchor alone"
            )
        return self
