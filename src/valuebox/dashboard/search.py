"""The search: what every compartment has stored of a customer, visitor, user, match or request."""

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, StringConstraints
from sqlalchemy.orm import Session

from valuebox.compartments.contract import Compartment, Look, Lookup, Page, People
from valuebox.compartments.lookups import of_ledger
from valuebox.compartments.people import sources
from valuebox.compartments.register import compartments
from valuebox.dashboard.stored_rows import StoredRows
from valuebox.schemas.values import MAX_USER_ID, Model, no_nul

MAX_TEXT: Final = 200
SHOWN: Final = 10
"""Rows of each table that are shown, the newest."""
MOST: Final = 20_000
"""Rows of a compartment that are looked at: somebody may be a machine that never rests."""
MOST_SOURCES: Final = 50
"""Sources that are asked when none is named."""

_Text = Annotated[str, StringConstraints(min_length=1, max_length=MAX_TEXT), AfterValidator(no_nul)]


class SearchQuestion(Model):
    """Whom or what is looked for."""

    q: _Text | None = Field(default=None, description="Id of whoever or whatever is looked for.")
    source: _Text | None = Field(
        default=None, description="Where customers or visitors are from; without, from anywhere."
    )


@dataclass(frozen=True)
class Part:
    """What one compartment has stored."""

    compartment: Compartment
    tables: Sequence[StoredRows]
    is_cut: bool
    """Whether there is more than was looked at."""


@dataclass(frozen=True)
class Found:
    """Somebody or something that was found, and what is stored of it."""

    what: str
    """What was found: "user", "customer or visitor", "match"."""
    source: str | None
    parts: Sequence[Part]
    people: People | None
    """Whom `export` and `forget` mean; None where it is nobody."""

    @property
    def rows(self) -> int:
        """How many rows are stored, as far as they were looked at."""
        return sum(table.count for part in self.parts for table in part.tables)


@dataclass
class _Counted:
    """Rows of a table, of which the last are kept."""

    count: int = 0
    kept: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=SHOWN))


def look(session: Session, asked: SearchQuestion, _service: Any, _least: int) -> Look:
    """Everything that is stored under an id; see `Page`."""
    known = sources(session)
    found = [] if asked.q is None else list(search(session, asked.q, asked.source, known))
    values = {"found": found, "sources": known, "shown": SHOWN, "most_sources": MOST_SOURCES}
    return Look(rows={}, values=values)


def search(
    session: Session, text: str, source: str | None, known: Sequence[str]
) -> Iterator[Found]:
    """What is found under an id: people first, then what is nobody's.

    Args:
        session: Reads.
        text: The id.
        source: The source that customers are from; None for all that are known.
        known: Sources that customers are known from.
    """
    for people, what in _people(text, source, known):
        parts = [part for one in compartments() if (part := _of_people(session, one, people))]
        if parts:
            yield Found(what, people.source, parts, people)
    if source is None:
        yield from _things(session, text)


def _people(text: str, source: str | None, known: Sequence[str]) -> Iterator[tuple[People, str]]:
    is_number = text.isascii() and text.isdigit() and int(text) <= MAX_USER_ID
    if is_number and source is None:
        yield People(None, [text]), "user"
    for name in known[:MOST_SOURCES] if source is None else [source]:
        yield People(name, [text]), "customer or visitor"


def _of_people(session: Session, compartment: Compartment, people: People) -> Part | None:
    rows = (
        row
        for part in compartment.personal
        if part.whose is people.whose
        for row in part.records(session, people)
    )
    return _part(compartment, rows, {people.ids[0], people.source or ""})


def _things(session: Session, text: str) -> Iterator[Found]:
    by_what: dict[str, list[Part]] = {}
    for compartment in compartments():
        for lookup in _lookups(compartment):
            part = _part(compartment, lookup.records(session, text), {text})
            if part is not None:
                by_what.setdefault(lookup.what, []).append(part)
    for what, parts in by_what.items():
        yield Found(what, None, parts, None)


def _lookups(compartment: Compartment) -> Iterator[Lookup]:
    if compartment.ledger is not None:
        yield of_ledger(compartment.ledger)
    yield from compartment.lookups


def _part(
    compartment: Compartment, rows: Iterable[dict[str, Any]], known: Collection[str]
) -> Part | None:
    tables: dict[str, _Counted] = {}
    looked = 0
    for row in islice(rows, MOST + 1):
        looked += 1
        table = tables.setdefault(row["table"], _Counted())
        table.count += 1
        table.kept.append(row)
    if not tables:
        return None
    shown = [
        StoredRows.of(name, one.count, list(one.kept)[::-1], known) for name, one in tables.items()
    ]
    return Part(compartment, shown, looked > MOST)


PAGE: Final = Page(
    title="Search",
    package=__package__ or "",
    asks=SearchQuestion,
    tables=(),
    look=look,
    # Whoever was forgotten a moment ago is not to be found again.
    is_of_now=True,
)
