"""How rows are found by the id of a request, in tables whose ids begin with it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from valuebox.compartments.contract import Lookup
from valuebox.predictions.ledger import Ledger
from valuebox.store.ids import last_of_block, place_in_block
from valuebox.store.people import records

MOST: Final = 200
"""Rows of a request that are looked up in each table, the first: it may have a million."""


@dataclass(frozen=True)
class _OfRequest:
    """Finds rows whose ids are of the block that an id is in: that of a request, or of a row."""

    tables: tuple[type[Any], ...]

    def __call__(self, session: Session, text: str) -> Iterator[dict[str, Any]]:
        try:
            first, _ = place_in_block(UUID(text))
        except ValueError:
            return
        last = last_of_block(first)
        for table in self.tables:
            of_request = table.id.between(first, last)
            yield from records(session, table, of_request, table.id, MOST)


def of_request(*tables: type[Any]) -> Lookup:
    """Look rows of a request up.

    Args:
        tables: Mapped classes whose `id` follows, or equals, that of the request.
    """
    return Lookup("request", _OfRequest(tables))


def of_ledger(ledger: Ledger) -> Lookup:
    """Look predictions up by the id of the request that they were made for, or by their own."""
    classes = (getattr(column, "class_", None) for column in ledger.ids)
    return of_request(*(one for one in classes if one is not None))
