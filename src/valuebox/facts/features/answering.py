"""Features as of a moment, of stored events: the same as a table that is built has them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np

from valuebox.facts.features.history import Asked, Stored, questions
from valuebox.features.declared.columns import values
from valuebox.features.declared.declaration import Declaration
from valuebox.features.declared.table import rows_of

Answer = dict[str, Any]
"""Each feature by its name, None where it is missing."""


def answers_of(
    declared: Declaration, stored: Stored, asked: Sequence[Asked], at: datetime
) -> list[Answer]:
    """The features of some customers or sessions.

    Args:
        declared: Which features.
        stored: What they did before the moment, and perhaps others.
        asked: Whose.
        at: The moment.

    Raises:
        SeveralCurrencies: where amounts would be added that have no sum.
    """
    events = stored.events(questions(declared, asked, at))
    places = np.arange(len(stored.id), len(events))
    found = rows_of(declared, events, int(events.time[-1]), places)
    # Rows are in the order of a table.
    order = np.argsort(found.event)
    columns = {name: values(column, order) for name, column in found.columns.items()}
    return [{name: column[row] for name, column in columns.items()} for row in range(len(asked))]
