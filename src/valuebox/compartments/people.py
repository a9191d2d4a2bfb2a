"""What all compartments have stored of people: where they come from, handed out, or deleted."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from sqlalchemy.orm import Session

from valuebox.compartments.contract import People
from valuebox.compartments.register import compartments, personal


def records_of(session: Session, people: People) -> Iterator[dict[str, Any]]:
    """Every stored row of some people, as `{"table": name, ...columns}`."""
    for part in personal(people.whose):
        yield from part.records(session, people)


def forget(session: Session, people: People) -> Counter[str]:
    """Delete every stored row of some people, and say how many, by what the rows are."""
    gone: Counter[str] = Counter()
    for part in personal(people.whose):
        gone.update(part.forget(session, people))
    return gone


def sources(session: Session) -> list[str]:
    """Sources that customers or visitors are known from, in order."""
    every = (part for one in compartments() for part in one.personal)
    return sorted({name for part in every if part.sources for name in part.sources(session)})
