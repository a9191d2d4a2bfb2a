"""The facts of a report, out of the database and into columns."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np
from sqlalchemy import func, literal, select

from valuebox.compartments.growth.change.samples import Both, joined_before, together
from valuebox.compartments.growth.loaded.attributes import by_name, limited
from valuebox.compartments.growth.loaded.frames import Customers, Events, Facts, as_shown, joined
from valuebox.compartments.growth.loaded.refunds import apart, is_refund_type
from valuebox.compartments.growth.loaded.strays import SetAside, Sifted, sift
from valuebox.compartments.growth.schemas import Baseline, GrowthQuestion
from valuebox.errors import ValueboxError
from valuebox.facts.clock import local, moment
from valuebox.facts.labels import Labels
from valuebox.facts.reading import Choice, FactColumns, read_facts
from valuebox.schemas.names import shown
from valuebox.store.engine import Store

MOST_ATTRIBUTES: Final = 20
"""Attributes of customers that are looked at: those that most have."""

SOURCE: Final = "source"
"""The attribute that all customers have: where they come from."""


class TooManyEvents(ValueboxError):
    """More events than are to be read at once."""


@dataclass(frozen=True)
class Loaded:
    """The facts that a report is made of, without those that cannot be right."""

    facts: Facts
    """Facts of the report itself."""
    both: Both | None
    """Baseline and report side by side; None where there is no baseline."""
    set_aside: list[SetAside]
    """Moments that cannot be right, of the report and its baseline; neither has their events."""


def load(
    store: Store, question: GrowthQuestion, most: int | None = None, now: datetime | None = None
) -> Loaded:
    """Read what a question is about.

    Args:
        store: Where the facts are.
        question: What is asked.
        most: Events that may be read, those of the baseline included; None for any number.
        now: When the report is made; nothing can have happened later. None for now.

    Raises:
        SeveralCurrencies: when amounts cannot be added, and no currency was named.
        TooManyEvents: when there are more than that.
    """
    rows = _read(store, question, question.sources, question.start, question.end, most)
    baseline = question.baseline
    known_at = moment(now or datetime.now(UTC), question.zone)
    if baseline is None:
        (facts,) = _columns([rows], question)
        facts, strays = _sifted(facts, question, known_at, question)
        return Loaded(facts, None, strays)
    sources = baseline.sources or question.sources
    left = None if most is None else most - len(rows.events)
    beside = _read(store, question, sources, baseline.start, baseline.end, left)
    facts, before = _columns([rows, beside], question)
    facts, strays = _sifted(facts, question, known_at, question)
    before, more = _sifted(before, baseline, known_at, question)
    strays += [one for one in more if one not in strays]
    return Loaded(facts, together(before, facts), strays)


def _read(
    store: Store,
    question: GrowthQuestion,
    sources: Sequence[str] | None,
    start: datetime | None,
    end: datetime | None,
    most: int | None,
) -> FactColumns:
    choice = Choice(
        sources, start, end, question.category, question.currency, cost=question.cost_property
    )
    if most is not None:
        _refuse_more(store, choice, most)
    return read_facts(store, choice)


def _sifted(
    facts: Facts, period: GrowthQuestion | Baseline, now: np.datetime64, question: GrowthQuestion
) -> Sifted:
    kept, found = sift(
        facts, now, question.zone, from_start=period.start is None, to_end=period.end is None
    )
    if period.end is not None:
        kept = joined_before(kept, period.end, question.zone)
    return Sifted(kept, found)


def _refuse_more(store: Store, choice: Choice, most: int) -> None:
    some = select(literal(1)).where(choice.events).limit(most + 1).subquery()
    with store.reading() as session:
        found = session.scalar(select(func.count()).select_from(some)) or 0
    if found > most:
        raise TooManyEvents(
            "there are more events than may be read for an answer; ask for a shorter period or "
            "fewer sources, or have `valuebox growth report` read them"
        )


def _columns(parts: Sequence[FactColumns], question: GrowthQuestion) -> list[Facts]:
    """Facts of each part; their groups are the same ones, so that parts can be compared."""
    told = [attributes for rows in parts for attributes in rows.customers.attributes]
    kind = question.attribute_is
    groups = by_name(told, MOST_ATTRIBUTES, question.attribute, kind)
    other = [one for one in (question.cancellation, question.subscription) if one is not None]
    asked = (question.purchase, *question.responses, *(question.refunds or ()), *other)
    back = [name for rows in parts for name in rows.events.type.names if is_refund_type(name)]
    named = {shown(one) for one in (*asked, *back)}
    types = _labels([rows.events.type for rows in parts], named)
    categories = _labels([rows.events.category for rows in parts])
    sources = _labels([rows.customers.source for rows in parts])
    found, start = [], 0
    for rows, type_, category, source in zip(parts, types, categories, sources, strict=True):
        own = rows.customers.source
        (customers, events), end = rows, start + len(rows.customers)
        attributes = {
            name: Labels(values.codes[start:end], values.names) for name, values in groups.items()
        }
        found.append(
            Facts(
                Customers(
                    own,
                    customers.id,
                    local(customers.created, question.zone),
                    {**attributes, SOURCE: source},
                ),
                apart(
                    Events(
                        events.customer,
                        type_,
                        local(events.time, question.zone),
                        events.amount,
                        category,
                        events.cost,
                    ),
                    question.purchase,
                ),
            )
        )
        start = end
    return found


def _labels(parts: Sequence[Labels], kept: Collection[str] = ()) -> list[Labels]:
    """Texts of each part as names of groups, of which there are at most 50 besides `kept`."""
    whole = as_shown(parts[0])
    for part in parts[1:]:
        whole = joined(whole, as_shown(part))
    few, found, start = limited(whole, kept), [], 0
    for part in parts:
        end = start + len(part.codes)
        found.append(Labels(few.codes[start:end], few.names))
        start = end
    return found
