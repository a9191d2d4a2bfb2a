"""What comes in and goes out of facts, over HTTP; imported files are held to the same bounds.

Moments without a zone are taken for UTC.
"""

import sys
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Final, Self

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    JsonValue,
    RootModel,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from valuebox.facts import decoding
from valuebox.facts.arriving import ArrivingCustomers, ArrivingEvents
from valuebox.facts.decoding import MAX_AMOUNT as MAX_AMOUNT
from valuebox.facts.decoding import MAX_ROWS as MAX_ROWS
from valuebox.facts.decoding import MAX_VALUES
from valuebox.facts.tables import MAX_ID, MAX_SOURCE, MAX_TYPE
from valuebox.schemas.decoding import SHORT
from valuebox.schemas.moments import Moment
from valuebox.schemas.requests import Decoded, RequestModel
from valuebox.schemas.values import MAX_ROW_BYTES, Model, no_nul, outsized, storable

MAX_NAMED: Final = 20
"""Rows of a kind that are listed at most."""

_LARGEST: Final = int(sys.float_info.max)
_SOME_TEXT: Final = r"^[^\u0000]+$"


def _schema(longest: int) -> WithJsonSchema:
    return WithJsonSchema(
        {"type": "string", "minLength": 1, "maxLength": longest, "pattern": _SOME_TEXT}
    )


Source = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_SOURCE),
    AfterValidator(no_nul),
    _schema(MAX_SOURCE),
]
Id = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_ID),
    AfterValidator(no_nul),
    _schema(MAX_ID),
]
Type = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_TYPE),
    AfterValidator(no_nul),
    _schema(MAX_TYPE),
]
Amount = Annotated[float, Field(strict=True, ge=-MAX_AMOUNT, le=MAX_AMOUNT)]
Currency = Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]


def _storable_object(value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    storable(value)
    _check_integers(value)
    return value


def _check_integers(value: JsonValue) -> None:
    """Refuse integers that no float reaches: analyses could not compute with them."""
    if isinstance(value, int):
        if abs(value) > _LARGEST:
            raise PydanticCustomError("large_number", "Input should be a number below 1.8e308")
    elif isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            _check_integers(item)


Object = Annotated[dict[str, JsonValue], AfterValidator(_storable_object)]


class Customer(Model):
    """Somebody who does things. Only `source` and `id` are required."""

    source: Source = Field(
        description="The system that knows the customer, such as a shop; ids are unique within it.",
        examples=["shop"],
    )
    id: Id = Field(description="Id of the customer within the source.", examples=["1017"])
    created: Moment | None = Field(
        default=None,
        description="When the customer joined; null where that is not known.",
        examples=["2013-04-22T05:47:57Z"],
    )
    attributes: Object | None = Field(
        default=None,
        description="What is told of them, by name. A value replaces the one that was known by "
        "its name, null removes it, and names that are not sent keep theirs. At most "
        f"{MAX_ROW_BYTES:,} bytes as JSON.",
        examples=[{"campaign": "TW"}],
    )


def _by_somebody(schema: dict[str, Any]) -> None:
    schema["anyOf"] = [
        {"required": [name], "properties": {name: {"type": "string"}}}
        for name in ("customer", "session")
    ]


class Event(Model):
    """Something that a customer, or an unknown one in a session, did."""

    model_config = ConfigDict(json_schema_extra=_by_somebody)

    source: Source = Field(
        description="The system that tells of the event; ids are unique within it.",
        examples=["shop"],
    )
    id: Id = Field(description="Id of the event within the source.", examples=["e-88213"])
    customer: Id | None = Field(
        default=None,
        description="Id of the customer who did it, within the source; null where nobody knows.",
        examples=["1017"],
    )
    session: Id | None = Field(
        default=None,
        description="Id of the session that the event was part of; null for none.",
        examples=["s-4711"],
    )
    type: Type = Field(description="What was done, such as `bought`.", examples=["bought"])
    time: Moment = Field(description="When the event happened.", examples=["2013-05-02T18:20:13Z"])
    amount: Amount | None = Field(
        default=None, description="Money that moved; null where none did.", examples=[12.5]
    )
    currency: Currency | None = Field(
        default=None, description="Currency of the amount, as a code of ISO 4217.", examples=["USD"]
    )
    properties: Object | None = Field(
        default=None,
        description="Whatever else is known of it, by name; at most "
        f"{MAX_ROW_BYTES:,} bytes as JSON.",
        examples=[{"category": "japanese"}],
    )

    @model_validator(mode="after")
    def _is_by_somebody(self) -> "Event":
        if self.customer is None and self.session is None:
            raise PydanticCustomError("nobody", "Input should have a customer or a session")
        return self


class _Facts(RequestModel):
    """Base of lists of rows that hold objects of their own."""

    names_object: ClassVar[str]

    def nested(self) -> Iterator[dict[str, Any]]:
        """The objects that the rows hold."""
        for one in self.root:  # type: ignore[attr-defined]
            if (found := getattr(one, self.names_object)) is not None:
                yield found

    def outsized(self) -> Iterator[tuple[str | int, ...]]:
        """Rows whose object is too large, and its largest value."""
        name = self.names_object
        for row, one in enumerate(self.root):  # type: ignore[attr-defined]
            if (own := getattr(one, name)) is not None and (largest := outsized(own)) is not None:
                yield row, name, largest


class Customers(
    _Facts, RootModel[Annotated[list[Customer], Field(min_length=1, max_length=MAX_ROWS)]]
):
    """Customers, at most 10,000; one who is sent twice is told of twice, in this order."""

    max_values = MAX_VALUES
    names_object = "attributes"

    @classmethod
    def read(cls, body: bytes) -> "Self | Decoded":
        """As `RequestModel.read`; decoded where that is certain to hold the same."""
        columns = decoding.customers_of(body) if len(body) > SHORT else None
        return cls.model_validate_json(body) if columns is None else Decoded.of(columns)

    @property
    def columns(self) -> ArrivingCustomers:
        """The customers by column."""
        return ArrivingCustomers.of(self.root)


class Events(_Facts, RootModel[Annotated[list[Event], Field(min_length=1, max_length=MAX_ROWS)]]):
    """Events, at most 10,000, in any order."""

    max_values = MAX_VALUES
    names_object = "properties"

    @classmethod
    def read(cls, body: bytes) -> "Self | Decoded":
        """As `RequestModel.read`; decoded where that is certain to hold the same."""
        columns = decoding.events_of(body) if len(body) > SHORT else None
        return cls.model_validate_json(body) if columns is None else Decoded.of(columns)

    @property
    def columns(self) -> ArrivingEvents:
        """The events by column."""
        return ArrivingEvents.of(self.root)


class CustomersStored(Model):
    """What the sent customers changed."""

    received: int = Field(description="Customers sent: the sum of the counts below.")
    added: int = Field(description="Customers that were not known before.")
    corrected: int = Field(description="Customers of whom something else was known before.")
    unchanged: int = Field(description="Customers of whom nothing new was sent.")
    doubled: int = Field(
        default=0,
        description="Customers whose source and id were sent before in the same request; what "
        "both rows tell is stored.",
    )
    doubled_rows: list[int] = Field(
        default=[],
        description=f"Positions of those in the sent array, from 0; the first {MAX_NAMED}.",
    )


class EventsStored(Model):
    """What the sent events changed."""

    received: int = Field(description="Events sent: the sum of the counts below.")
    added: int = Field(description="Events that were not known before.")
    unchanged: int = Field(description="Events that were known before with the same content.")
    doubled: int = Field(
        default=0,
        description="Events that were sent twice in the same request with the same content.",
    )
    doubled_rows: list[int] = Field(
        default=[],
        description=f"Positions of those in the sent array, from 0; the first {MAX_NAMED}.",
    )
    differing: int = Field(
        description="Events that differ from one known by the same source and id, which stays."
    )
    differing_rows: list[int] = Field(
        description=f"Positions of those in the sent array, from 0; the first {MAX_NAMED}."
    )
