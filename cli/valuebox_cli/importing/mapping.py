"""What a mapping file says: which tables and columns hold what; docs/import.md explains it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    model_validator,
)
from pydantic_core import PydanticCustomError

from valuebox.facts.schemas import Currency, Source, Type
from valuebox.files.mappings import checked
from valuebox.schemas.moments import TimeZone
from valuebox_cli.importing.parts import (
    ORDINAL,
    Amounts,
    Column,
    Condition,
    Lookup,
    Moments,
    Part,
    Plain,
    RowNumber,
    Table,
    Types,
)


def _listed(given: Any) -> Any:
    return [given] if isinstance(given, dict) else given


class _Rows(Table):
    id: Annotated[list[Column], Field(min_length=1)] | RowNumber | Column
    """A column, several that together tell rows apart, or the number of the row."""
    prefix: str = ""
    """Text before every id, so that tables of one source do not share any."""
    where: Condition | None = None
    """Condition on the rows that are meant; None for all of them."""
    lookups: dict[str, Lookup] = Field(default={})

    @property
    def keys(self) -> list[str]:
        """The columns of the id."""
        if isinstance(self.id, RowNumber):
            return []
        return (
            [one for one in self.id if one != ORDINAL] if isinstance(self.id, list) else [self.id]
        )

    @property
    def has_ordinals(self) -> bool:
        """Whether equal ids are told apart by which of them a row has."""
        return isinstance(self.id, list) and ORDINAL in self.id

    @model_validator(mode="after")
    def _has_keys(self) -> "_Rows":
        if not self.keys and not isinstance(self.id, RowNumber):
            raise PydanticCustomError(
                "keys", 'Input should name columns beside "#"; { row = true } numbers the rows'
            )
        return self


class CustomerRows(_Rows):
    """Which columns hold what of customers."""

    created: Moments | None = None
    attributes: dict[str, Plain] = Field(default={})


class Buyers(Part):
    """Customers of whom nothing is known but their events."""

    source: Literal["events"] = Field(alias="from")
    told: Literal["first", "last"] = "first"
    """Which event of a buyer tells the buyer's attributes."""
    attributes: dict[str, Plain] = Field(default={})
    """Columns of the tables of events."""


Customers = Annotated[
    Annotated[Buyers, Tag("events")] | Annotated[CustomerRows, Tag("table")],
    Discriminator(lambda given: "events" if "from" in given else "table"),
]


class EventRows(_Rows):
    """Which columns hold what of events."""

    customer: Column | None = None
    session: Column | None = None
    type: Types
    time: Moments
    amount: Amounts | None = None
    amount_for: frozenset[Type] | None = None
    """Types in which money moves; None for all."""
    currency: Column | None = None
    properties: dict[str, Plain] = Field(default={})

    @model_validator(mode="after")
    def _is_by_somebody(self) -> "EventRows":
        if self.customer is None and self.session is None:
            raise PydanticCustomError("nobody", "Input should name a customer or a session")
        return self


class Mapping(Part):
    """A whole mapping file."""

    source: Source | None = None
    """What customers and events are known to come from; by default named after the file."""
    timezone: TimeZone = "UTC"
    """Time zone of moments that come without one."""
    currency: Currency | None = None
    """Currency of amounts that come without one."""
    decimal: Literal[".", ","] | None = None
    """What stands before cents; None where every column shows it."""
    customers: Customers | None = None
    events: Annotated[list[EventRows], BeforeValidator(_listed), Field(min_length=1)] | None = None

    @property
    def zone(self) -> ZoneInfo:
        """The time zone itself."""
        return ZoneInfo(self.timezone)

    @model_validator(mode="after")
    def _maps_something(self) -> "Mapping":
        if self.customers is None and self.events is None:
            raise PydanticCustomError("nothing", "Input should map customers, events, or both")
        if isinstance(self.customers, Buyers) and not any(
            one.customer for one in self.events or ()
        ):
            raise PydanticCustomError(
                "buyers", "Input should map events of customers, where these come from them"
            )
        return self


_FORMAT: Final = ("delimiter", "encoding", "columns")


def _spread(content: dict[str, Any]) -> dict[str, Any]:
    """A mapping with the format of files said of every table instead of once for all."""
    told = {name: content[name] for name in _FORMAT if name in content}
    rest = {name: one for name, one in content.items() if name not in _FORMAT}
    for table in _tables(rest) if told else ():
        table |= {name: one for name, one in told.items() if name not in table}
    return rest


def _tables(content: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for given in (content.get("customers"), content.get("events")):
        for rows in given if isinstance(given, list) else [given]:
            if isinstance(rows, dict) and "from" not in rows:
                yield from _with_lookups(rows)


def _with_lookups(rows: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield rows
    lookups = rows.get("lookups")
    for one in lookups.values() if isinstance(lookups, dict) else ():
        if isinstance(one, dict):
            yield from _with_lookups(one)


def mapping_of(path: Path, content: dict[str, Any]) -> Mapping:
    """What a mapping file says, checked.

    Raises:
        BadMapping: naming everything that is wrong.
    """
    return checked(path, Mapping, _spread(content))
