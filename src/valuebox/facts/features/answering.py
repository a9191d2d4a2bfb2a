"""Features as of a moment, of stored events: the same as a table that is built has them."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
import numpy as np

from valuebox.facts.features.stored import Asked, Stored, properties_of, questions
from valuebox.features.declared.building import microseconds
from valuebox.features.declared.columns import values
from valuebox.features.declared.declaration import Declaration
from valuebox.features.declared.events import SECOND
from valuebox.features.declared.past import Asked as Moment
from valuebox.features.declared.past import Past
from valuebox.features.declared.scalars import Scalar, scalar
from valuebox.features.declared.single import Plan, plan_of
from valuebox.features.declared.table import rows_of

Answer = dict[str, Any]
"""Each feature by its name, None where it is missing."""
_MOST_ASKED: Final = 16
_MOST_EVENTS: Final = 1_000
"""Customers and events up to which lists take less than arrays."""


def answers_of(
    declared: Declaration, stored: Stored, asked: Sequence[Asked], at: datetime
) -> list[Answer]:
    """The features of some customers or sessions.

    Args:
        declared: Which features.
        stored: What they did before the moment, and perhaps others, in the order of time and id.
        asked: Whose.
        at: The moment.

    Raises:
        SeveralCurrencies: where amounts would be added that have no sum.
    """
    if len(asked) <= _MOST_ASKED and len(stored.id) <= _MOST_EVENTS:
        return one_by_one(declared, stored, asked, at)
    return at_once(declared, stored, asked, at)


def at_once(
    declared: Declaration, stored: Stored, asked: Sequence[Asked], at: datetime
) -> list[Answer]:
    """The features of many, over arrays; see `answers_of`."""
    events = stored.events(questions(declared, asked, at))
    places = np.arange(len(stored.id), len(events))
    found = rows_of(declared, events, int(events.time[-1]), places)
    # Rows are in the order of a table.
    order = np.argsort(found.event)
    columns = {name: values(column, order) for name, column in found.columns.items()}
    return [{name: column[row] for name, column in columns.items()} for row in range(len(asked))]


def one_by_one(
    declared: Declaration, stored: Stored, asked: Sequence[Asked], at: datetime
) -> list[Answer]:
    """The features of a few, over lists; see `answers_of`."""
    moment = microseconds(at)
    plan = plan_of(declared)
    past = Past(list(stored.time), _columns(plan, stored))
    plan.check_currencies(past)
    whose = stored.customer if declared.of == "customer" else stored.session
    answers = []
    for one in asked:
        if whose.count(one.id) == stored.source.count(one.source) == len(past):
            theirs = past
        else:
            pairs = enumerate(zip(stored.source, whose, strict=True))
            theirs = past.taken([row for row, who in pairs if who == (one.source, one.id)])
        answers.append(plan.answer(theirs, Moment(moment, _question(declared, plan, one, moment))))
    return answers


def _columns(plan: Plan, stored: Stored) -> dict[str, list[Scalar]]:
    """What a plan reads of events, by name."""
    found: dict[str, list[Scalar]] = dict(properties_of(plan.properties, stored.properties))
    for name in plan.own:
        match name:
            case "time":
                found[name] = [one / SECOND for one in stored.time]
            case "received_at":
                found[name] = [one / SECOND for one in stored.received]
            case "id":
                found[name] = [one or None for one in stored.id]
            case "amount" if plan.currency is not None:
                pairs = zip(stored.amount, stored.currency, strict=True)
                found[name] = [one if plan.currency == which else None for one, which in pairs]
            case _:
                found[name] = getattr(stored, name)
    return found


def _question(declared: Declaration, plan: Plan, asked: Asked, at: int) -> Mapping[str, Scalar]:
    """What is known of a moment itself, by name."""
    is_customer, types = declared.of == "customer", declared.anchor.type
    found: dict[str, Scalar] = dict.fromkeys(plan.names)
    found["time"] = found["received_at"] = at / SECOND
    found["source"] = asked.source
    found["customer"] = asked.id if is_customer else None
    found["session"] = asked.session if is_customer else asked.id
    found["type"] = types[0] if len(types) == 1 else None
    if asked.properties and plan.properties:
        # As it would come out of the database.
        sent = msgspec.json.decode(json.dumps(asked.properties))
        found |= {name: scalar(sent.get(name)) for name in plan.properties}
    return found
