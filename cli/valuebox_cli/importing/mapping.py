"""What a mapping file says: which tables and columns hold what; docs/import.md explains it."""

import tomllib
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Annotated, Any, Final, Self
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from valuebox.errors import ValueboxError
from valuebox.facts.schemas import Currency, Source, Type
from valuebox.moments import TimeZone

DOT: Final = "."


class BadMapping(ValueboxError):
    """The mapping file cannot be used; the message names it and what is wrong."""


Column = Annotated[str, Field(min_length=1)]
"""A column, or `lookup.column`."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Always(_Part):
    """The same for every row."""

    always: Type


class Table(_Part):
    """Where rows come from."""

    table: str | None = Field(default=None, min_length=1)
    """Of a database, or the name of a file without its ending."""
    query: str | None = Field(default=None, min_length=1)
    """SQL instead, where the source is a database."""

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if self.table and self.query:
            raise PydanticCustomError("both", "Input should have a table or a query, not both")
        return self


class Lookup(Table):
    """A table that rows point to."""

    key: Column
    by: Column
    """The column that points to the key."""


class _Rows(Table, ABC):
    id: Annotated[list[Column], Field(min_length=1)] | Column
    """One column, or several that together tell rows apart."""
    lookups: dict[str, Lookup] = {}

    @property
    def keys(self) -> list[str]:
        """The columns of the id."""
        return self.id if isinstance(self.id, list) else [self.id]

    @abstractmethod
    def named(self) -> list[str]:
        """Every column that is read, those of lookups included."""

    @model_validator(mode="after")
    def _lookups_are_known(self) -> Self:
        for column in self.named():
            prefix, dot, _ = column.partition(DOT)
            if dot and prefix not in self.lookups:
                message = "Input should name a column, or one of a lookup: there is none of {name}"
                raise PydanticCustomError("lookup", message, {"name": prefix})
        return self

    def own(self) -> list[str]:
        """The columns that rows have themselves."""
        pointers = [lookup.by for lookup in self.lookups.values()]
        return _distinct([*(one for one in self.named() if DOT not in one), *pointers])

    def of_lookup(self, name: str) -> list[str]:
        """The columns that are read of a lookup, its key first."""
        prefix = name + DOT
        wanted = [one.removeprefix(prefix) for one in self.named() if one.startswith(prefix)]
        return _distinct([self.lookups[name].key, *wanted])


class CustomerRows(_Rows):
    """Which columns hold what of customers."""

    created: Column | None = None
    attributes: dict[str, Column] = {}

    def named(self) -> list[str]:
        """Every column that is read, those of lookups included."""
        return [one for one in (*self.keys, self.created, *self.attributes.values()) if one]


class EventRows(_Rows):
    """Which columns hold what of events."""

    customer: Column | None = None
    session: Column | None = None
    type: Column | Always
    time: Column
    amount: Column | None = None
    amount_for: frozenset[Type] | None = None
    """Types in which money moves; None for all."""
    currency: Column | None = None
    properties: dict[str, Column] = {}

    def named(self) -> list[str]:
        """Every column that is read, those of lookups included."""
        kind = None if isinstance(self.type, Always) else self.type
        columns = (self.customer, self.session, kind, self.time, self.amount, self.currency)
        return [one for one in (*self.keys, *columns, *self.properties.values()) if one]

    @model_validator(mode="after")
    def _is_by_somebody(self) -> Self:
        if self.customer is None and self.session is None:
            raise PydanticCustomError("nobody", "Input should name a customer or a session")
        return self


class Mapping(_Part):
    """A whole mapping file."""

    source: Source | None = None
    """What customers and events are known to come from; by default named after the file."""
    timezone: TimeZone = "UTC"
    """Of moments that come without one."""
    currency: Currency | None = None
    """Of amounts that come without one."""
    customers: CustomerRows | None = None
    events: EventRows | None = None

    @property
    def zone(self) -> ZoneInfo:
        """The time zone itself."""
        return ZoneInfo(self.timezone)

    @model_validator(mode="after")
    def _maps_something(self) -> Self:
        if self.customers is None and self.events is None:
            raise PydanticCustomError("nothing", "Input should map customers, events, or both")
        return self


def read_mapping(path: Path) -> Mapping:
    """Read and check a mapping file.

    Raises:
        BadMapping: naming everything that is wrong.
    """
    try:
        content: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadMapping(f"{path}: there is no such file") from None
    except OSError as error:
        raise BadMapping(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadMapping(f"{path}: is no TOML: {error}") from None
    try:
        return Mapping.model_validate(content)
    except ValidationError as error:
        wrong = [f"{DOT.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
        raise BadMapping(f"{path}: {'; '.join(wrong)}") from None


def _distinct(names: list[str]) -> list[str]:
    return list(dict.fromkeys(names))
