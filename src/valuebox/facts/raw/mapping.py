"""What a mapping says of raw events: which of their names hold what; docs/import.md explains it."""

from collections import Counter
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)
from pydantic_core import PydanticCustomError

from valuebox.facts.schemas import Currency, Source, Type
from valuebox.schemas.moments import TimeZone

EVERY: Final = "*"
"""Stands for every type of which nothing else is said."""
ISO: Final = "iso"
EPOCHS: Final = {"epoch_s": 10**9, "epoch_ms": 10**6, "epoch_us": 1_000, "epoch_ns": 1}
"""Formats of moments that are numbers since 1970, and nanoseconds in a unit of each."""


class Part(BaseModel):
    """Base of everything in a mapping: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _listed(given: Any) -> Any:
    return [given] if isinstance(given, str) else given


def _named(given: Any) -> Any:
    return {"column": given} if isinstance(given, str | list) else given


def _by_type(given: Any) -> Any:
    return {EVERY: given} if isinstance(given, str | list) else given


def _is_format(given: str) -> str:
    if given != ISO and given not in EPOCHS and "%" not in given:
        raise PydanticCustomError(
            "format",
            'Input should be "iso", "epoch_s", "epoch_ms", "epoch_us", "epoch_ns", or a format '
            'such as "%d/%m/%Y %H:%M"',
        )
    return given


_Name = Annotated[str, Field(min_length=1)]
Names = Annotated[tuple[_Name, ...], BeforeValidator(_listed), Field(min_length=1)]
"""A name, or several of which the first that an event has counts."""


class Types(Part):
    """Where the type of an event stands, and which types are called something else here."""

    column: Names
    names: dict[_Name, Type] = Field(default={})


class Times(Part):
    """Where the moment of an event stands, and how it is written."""

    column: Names
    format: Annotated[str, AfterValidator(_is_format)] = ISO


class Attribute(Part):
    """What an event tells of all that comes later in its session, as one of its properties."""

    of: _Name
    """The property that is looked at."""
    contains: Names | None = None
    """Texts, of which one has to be in the property for the attribute to be true, and else it is
    false; None where the attribute is the property itself."""


class RawRows(Part):
    """Which names of raw events hold what."""

    id: Names | None = None
    """None where events have no id: then one is made of what they say."""
    source: Names | None = None
    customer: Names | None = None
    session: Names | None = None
    type: Annotated[Types, BeforeValidator(_named)]
    time: Annotated[Times, BeforeValidator(_named)]
    amount: Annotated[dict[_Name, Names], BeforeValidator(_by_type)] = Field(default={})
    """Names by the type of the event, as it is called here."""
    currency: Names | None = None
    drop: frozenset[_Name] = frozenset()
    """Names that are not stored; all else becomes properties."""
    attributes: dict[_Name, Attribute] = Field(default={})

    @model_validator(mode="after")
    def _is_clear(self) -> "RawRows":
        if self.customer is None and self.session is None:
            raise PydanticCustomError("nobody", "Input should name a customer or a session")
        alone = (self.id, self.source, self.customer, self.session, self.currency)
        used = [*self.type.column, *self.time.column, *self.drop]
        used += {name for names in self.amount.values() for name in names}
        used += [name for names in alone for name in names or ()]
        if twice := sorted(name for name, count in Counter(used).items() if count > 1):
            raise PydanticCustomError(
                "twice", "Input should use each name for one thing: {names}", {"names": twice}
            )
        return self


class RawMapping(Part):
    """A whole mapping file for raw events."""

    source: Source | None = None
    """What events are known to come from; by default called as the mapping."""
    timezone: TimeZone = "UTC"
    """Time zone of moments that come without one."""
    currency: Currency | None = None
    """Currency of amounts that come without one."""
    decimal: Literal[".", ","] = "."
    """What stands before cents where amounts are texts."""
    raw: RawRows

    @property
    def zone(self) -> ZoneInfo:
        """The time zone itself."""
        return ZoneInfo(self.timezone)
