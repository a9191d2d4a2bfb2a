"""What events take to be stored where there are many already."""

from dataclasses import fields, replace
from functools import partial
from typing import Final
from uuid import UUID

import numpy as np
from benchmarks.report import table
from benchmarks.speed.made_events import made, parsed, put_batch
from benchmarks.speed.metering import Meter, Taken
from sqlalchemy import text
from support.databases import Postgres

from valuebox.facts.schemas import MAX_ROWS
from valuebox.store.engine import Store

VARIETY: Final = 20
"""Batches of different events, of which more are made by other ids."""


def growing(database: Postgres, store: Store, most: int, random_ids: bool) -> str:
    """A table of what events take while there come to be `most` of them, and what follows."""
    with store.engine.begin() as connection:
        connection.execute(text("TRUNCATE events"))
    some = [parsed(made(batch), "shop") for batch in range(VARIETY)]
    meter = Meter(database, store)
    rng = np.random.default_rng(0)
    told: list[list[object]] = []
    lately: list[Taken] = []
    for batch in range(most // MAX_ROWS):
        numbers = range(batch * MAX_ROWS, (batch + 1) * MAX_ROWS)
        ids = [f"e{n}" for n in numbers]
        if random_ids:
            ids = [str(UUID(bytes=rng.bytes(16), version=4)) for _ in numbers]
        events = replace(some[batch % VARIETY], id=ids)
        lately.append(meter.taken(partial(put_batch, store, events)))
        stored = (batch + 1) * MAX_ROWS
        if stored in (most // 10, most // 5, most // 2, most):
            # Of as many as were there at the first of these.
            last = lately[-most // 10 // MAX_ROWS :]
            events_of_last = len(last) * MAX_ROWS
            sums = [sum(getattr(one, field.name) for one in last) for field in fields(Taken)]
            took, ours, theirs, log = (one / events_of_last for one in sums)
            told.append(
                [f"{stored:,}", int(1 / took), f"{took * 1e6:.1f}"]
                + [f"{one * 1e6:.1f}" for one in (ours, theirs, ours + theirs)]
                + [f"{log:.0f}"]
            )
    ratios = [float(told[-1][column]) / float(told[0][column]) for column in (2, 5)]
    header = ["events stored", "events a second", "µs an event", "processor, µs"]
    header += ["PostgreSQL's, µs", "both, µs", "log, bytes an event"]
    kind = "ids in no order" if random_ids else "ids that are counted up"
    return (
        f"{table(header, told)}\n\n"
        f"`put_events`, one connection, {kind}; each line is the mean of the last "
        f"{most // 10:,} events. An event costs {ratios[0]:.2f} times as long at the end as at the "
        f"first line, and {ratios[1]:.2f} times as much processor."
    )
