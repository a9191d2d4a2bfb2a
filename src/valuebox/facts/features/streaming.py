"""Everything that is stored, batch by batch, in the form in which events come out of files."""

from collections.abc import Generator, Sequence
from datetime import datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Text, and_, cast, func, select, true

from valuebox.facts.event_files.normal import batch_of, written
from valuebox.facts.features.stored import properties_of
from valuebox.facts.scanning import EVENTS, begin, moment
from valuebox.features.declared.declaration import Declaration
from valuebox.store.engine import Store

_AT_ONCE: Final = 20_000
"""Events of a batch: as Python's objects they take a kilobyte each."""
_TEXTS: Final = ("source", "customer", "session", "type", "currency")


def stored_count(store: Store, declared: Declaration, at: datetime | None) -> int:
    """How many events `stored_batches` yields, if nobody stores any meanwhile."""
    with store.reading() as session:
        begin(session.connection())
        query = select(func.count()).select_from(EVENTS.id.table).where(_condition(declared, at))
        return int(session.scalars(query).one())


def stored_batches(
    store: Store, declared: Declaration, at: datetime | None
) -> Generator[pa.RecordBatch, None, None]:
    """Events by column, as `valuebox.facts.event_files.normal` has them, each of them once.

    All are as they were at one moment, and in no order. Of the memory a batch is taken, however
    many there are.

    Args:
        store: Where they are.
        declared: What reads them: its source, and the properties that it names.
        at: Moment before which they happened; None for all.
    """
    properties = declared.properties
    with store.reading() as session:
        connection = session.connection()
        begin(connection)
        columns = [
            *(EVENTS[name] for name in (*_TEXTS, "id")),
            *(moment(connection.dialect.name, EVENTS[one]) for one in ("time", "received_at")),
            EVENTS.amount,
            # Whoever reads none of them has none sent.
            *([cast(EVENTS.properties, Text)] if properties else []),
        ]
        query = select(*columns).where(_condition(declared, at))
        found = connection.execution_options(yield_per=_AT_ONCE).execute(query)
        for rows in found.partitions():
            yield _batch(rows, properties)


def _condition(declared: Declaration, at: datetime | None) -> ColumnElement[bool]:
    bounds: list[ColumnElement[bool]] = [true()]
    if at is not None:
        bounds.append(EVENTS.time < at)
    if declared.source is not None:
        bounds.append(EVENTS.source == declared.source)
    return and_(*bounds)


def _batch(rows: Sequence[Any], properties: Sequence[str]) -> pa.RecordBatch:
    *texts, ids, time, received, amount = zip(*(row[:9] for row in rows), strict=True)
    objects = [row[9] for row in rows] if properties else []
    return batch_of(
        {name: pa.array(column, pa.string()) for name, column in zip(_TEXTS, texts, strict=True)},
        pa.array(ids, pa.string()),
        _moments(time),
        _moments(received),
        np.array(amount, dtype=np.float64),
        {name: written(values) for name, values in properties_of(properties, objects)},
        are_json=True,
    )


def _moments(texts: Sequence[str]) -> NDArray[np.int64]:
    return np.array(texts, dtype="datetime64[us]").astype(np.int64)
