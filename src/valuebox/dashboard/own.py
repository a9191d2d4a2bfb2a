"""Pages beside those of ledgers: at which addresses, and how somebody gets there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from pydantic import BaseModel

from valuebox.compartments.contract import Page
from valuebox.compartments.register import own_pages
from valuebox.dashboard import alerts, search
from valuebox.dashboard.choices import Choice
from valuebox.dashboard.sessions import PATH
from valuebox.pages.tables import Table
from valuebox.schemas.errors import Problem
from valuebox.schemas.queries import BadQuery, read_query, write_query

_PAGE: Final = b"page="
"""What the query of the page that asks for a key begins with, where somebody came from here."""


@dataclass(frozen=True)
class Place:
    """An address of such a page, or of one of its tables."""

    name: str
    """Name of the page: that of its compartment, or of a shared one."""
    page: Page
    table: Table | None
    """The table that is fetched; None for the page itself."""


@dataclass(frozen=True)
class Goal:
    """Where somebody goes who has signed in: to the dashboard, or to one of its pages."""

    name: str | None
    """Name of the page; None for the front page and those of ledgers."""
    query: str

    def carried(self) -> str:
        """The query by which the page that asks for a key remembers it."""
        named = () if self.name is None else (f"page={self.name}",)
        return "&".join(_said(*named, self.query))

    def address(self) -> str:
        """The address, as seen from the page that asks for a key."""
        return "?".join(_said(self.name or f"..{PATH}", self.query))


SHARED: Final[Mapping[str, Page]] = {"search": search.PAGE, "alerts": alerts.PAGE}
"""Pages over all compartments, by name; no compartment can be called so."""


def pages() -> dict[str, Page]:
    """The shared pages, and that of every compartment that has one of its own, by name."""
    return {**SHARED, **own_pages()}


@cache
def places() -> dict[str, Place]:
    """All of them, by path."""
    found = {}
    for name, page in pages().items():
        found[f"{PATH}/{name}"] = Place(name, page, None)
        for table in page.tables:
            found[f"{PATH}/{name}/{table.name}.csv"] = Place(name, page, table)
    return found


def read_goal(path: str, query: bytes) -> Goal:
    """Where somebody wants to go who has asked for an address, or was asked for a key on the way.

    Raises:
        BadQuery: when there is no such page, or the query says nothing that it understands.
    """
    if place := places().get(path):
        return Goal(place.name, _checked(place.page.asks, query))
    parts = query.split(b"&")
    named = [part for part in parts if part.startswith(_PAGE)]
    if not named:
        return Goal(None, _checked(Choice, query))
    name = named[0].removeprefix(_PAGE).decode("ascii", "replace")
    page = pages().get(name)
    if page is None or len(named) > 1:
        names = ", ".join(pages())
        raise BadQuery([Problem(field="page", message=f"Input should be one of {names}")])
    rest = b"&".join(part for part in parts if part not in named)
    return Goal(name, _checked(page.asks, rest))


def _checked(model: type[BaseModel], query: bytes) -> str:
    # Nobody is sent to an address that somebody else made up.
    return write_query(read_query(model, query))


def _said(*parts: str) -> Sequence[str]:
    return [part for part in parts if part]
