"""The facts of a report, out of the database and into columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, literal, select

from valuebox.errors import ValueboxError
from valuebox.facts.reading import Choice, FactRows, read_facts
from valuebox.growth.attributes import by_name, limited
from valuebox.growth.columns import Customers, Events, Facts, Labels
from valuebox.growth.samples import Both, joined_before, together
from valuebox.growth.schemas import GrowthQuestion
from valuebox.store.engine import Store

MOST_ATTRIBUTES: Final = 20
"""Attributes of customers that are looked at: those that most have."""

SOURCE: Final = "source"
"""The attribute that all customers have: where they come from."""


class TooManyEvents(ValueboxError):
    """More than are to be read at once."""


@dataclass(frozen=True)
class Loaded:
    """What a report is made of."""

    facts: Facts
    """Of the report itself."""
    both: Both | None
    """Baseline and report side by side; None where there is no baseline."""


def load(store: Store, question: GrowthQuestion, most: int | None = None) -> Loaded:
    """Read what a question is about.

    Args:
        store: Where the facts are.
        question: What is asked.
        most: Events that may be read, those of the baseline included; None for any number.

    Raises:
        SeveralCurrencies: when amounts cannot be added, and no currency was named.
        TooManyEvents: when there are more than that.
    """
    facts = _read(store, question, question.sources, question.start, question.end, most)
    baseline = question.baseline
    if baseline is None:
        return Loaded(facts, None)
    sources = baseline.sources or question.sources
    left = None if most is None else most - len(facts.events)
    before = _read(store, question, sources, baseline.start, baseline.end, left)
    return Loaded(facts, together(before, facts))


def _read(
    store: Store,
    question: GrowthQuestion,
    sources: Sequence[str] | None,
    start: datetime | None,
    end: datetime | None,
    most: int | None,
) -> Facts:
    choice = Choice(sources, start, end, question.category, question.currency)
    if most is not None:
        _refuse_more(store, choice, most)
    facts = _columns(read_facts(store, choice), question)
    return facts if end is None else joined_before(facts, end)


def _refuse_more(store: Store, choice: Choice, most: int) -> None:
    some = select(literal(1)).where(choice.events).limit(most + 1).subquery()
    with store.reading() as session:
        found = session.scalar(select(func.count()).select_from(some)) or 0
    if found > most:
        raise TooManyEvents(
            "there are more events than may be read for an answer; ask for a shorter period or "
            "fewer sources, or have `valuebox growth report` read them"
        )


def _columns(rows: FactRows, question: GrowthQuestion) -> Facts:
    told, events = rows
    source, types, category = (
        Labels(*coded) for coded in (told.source, events.type, events.category)
    )
    attributes = by_name(told.attributes, MOST_ATTRIBUTES) | {SOURCE: limited(source)}
    customers = Customers(source, told.id, told.created, attributes)
    named = {question.purchase, *question.responses}
    named |= {one for one in (question.cancellation, question.subscription) if one is not None}
    return Facts(
        customers,
        Events(
            events.customer,
            limited(types, named),
            events.time,
            events.amount,
            limited(category),
        ),
    )
