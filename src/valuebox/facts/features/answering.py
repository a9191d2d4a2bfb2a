"""Features as of a moment, of stored events: the same as a table that is built has them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import numpy as np

from valuebox.facts.features.pasts import moment_of, past_of
from valuebox.facts.features.stored import Asked, Stored, questions
from valuebox.features.declared.building import microseconds
from valuebox.features.declared.columns import values
from valuebox.features.declared.declaration import Declaration
from valuebox.features.declared.single import plan_of
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
    are_few = len(asked) <= _MOST_ASKED and len(stored.id) <= _MOST_EVENTS
    if are_few or stored.whole:
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
    past = past_of(plan, stored)
    plan.check_currencies(past)
    whose = stored.customer if declared.of == "customer" else stored.session
    answers = []
    for one in asked:
        if whose.count(one.id) == stored.source.count(one.source) == len(past):
            theirs = past
        else:
            pairs = enumerate(zip(stored.source, whose, strict=True))
            theirs = past.taken([row for row, who in pairs if who == (one.source, one.id)])
        answers.append(plan.answer(theirs, moment_of(declared, plan, one, moment)))
    return answers
