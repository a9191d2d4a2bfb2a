"""The form in which events come out of files, batch by batch: Arrow columns of a few kinds."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from valuebox.facts.event_files.coding import Coder
from valuebox.facts.event_files.texts import ArrowTexts
from valuebox.features.declared.columns import Coded
from valuebox.features.declared.events import Events
from valuebox.features.declared.scalars import Scalar

TEXTS: Final = ("source", "customer", "session", "type", "currency")
"""Columns of texts of which there are few, or which many events share."""
_NUMBERS: Final = {"time": np.int64, "received": np.int64, "amount": np.float64}
"""Columns of numbers: moments in microseconds since 1970, and amounts with NaN for missing."""
_PROPERTY: Final = "property "
"""What stands before the name of a property, which may be called as a column is."""
_JSON: Final = {b"values": b"JSON"}
"""Says of a column that its texts are JSON: values of a property may be of several kinds."""


def batch_of(
    texts: Mapping[str, pa.Array],
    ids: pa.Array,
    time: NDArray[np.int64],
    received: NDArray[np.int64],
    amount: NDArray[np.float64],
    properties: Mapping[str, pa.Array],
    are_json: bool,
) -> pa.RecordBatch:
    """Events in this form.

    Args:
        texts: The columns of `TEXTS`; what is null or empty is missing.
        ids: Of each event.
        time: When each happened, in microseconds since 1970.
        received: When each was received, likewise.
        amount: NaN where it is missing.
        properties: Texts, numbers or truths by name.
        are_json: Whether properties are texts that say values as JSON does.
    """
    columns = {
        **{name: texts[name] for name in TEXTS},
        "id": ids,
        **{
            name: pa.array(one)
            for name, one in zip(_NUMBERS, (time, received, amount), strict=True)
        },
    }
    fields = [pa.field(name, column.type) for name, column in columns.items()]
    fields += [
        pa.field(f"{_PROPERTY}{name}", column.type, metadata=_JSON if are_json else None)
        for name, column in properties.items()
    ]
    return pa.record_batch([*columns.values(), *properties.values()], schema=pa.schema(fields))


def written(values: Iterable[Scalar]) -> pa.DictionaryArray:
    """Values of several kinds as texts of JSON, each of them once."""
    column = Coded.of(values)
    texts = pa.array([json.dumps(one) for one in column.values], pa.string())
    codes = pa.array(column.codes, mask=column.codes < 0)
    return pa.DictionaryArray.from_arrays(codes, texts)


def events_of(batches: Iterable[pa.RecordBatch], properties: Iterable[str]) -> Events:
    """Put events together.

    Args:
        batches: Events in this form, in the order in which they came.
        properties: Names of the properties that are kept.
    """
    texts = {name: Coder() for name in TEXTS}
    kept = {name: Coder() for name in properties}
    ids: list[pa.Array] = [pa.array([], pa.large_string())]
    numbers: dict[str, list[NDArray[Any]]] = {
        name: [np.empty(0, kind)] for name, kind in _NUMBERS.items()
    }
    for batch in batches:
        for name, coder in texts.items():
            coder.add(batch[name])
        for name, coder in kept.items():
            field = batch.schema.field(f"{_PROPERTY}{name}")
            coder.add(batch[field.name], field.metadata == _JSON)
        ids.append(batch["id"].cast(pa.large_string()))
        for name, parts in numbers.items():
            parts.append(batch[name].to_numpy(zero_copy_only=False))
    columns = {name: coder.column() for name, coder in texts.items()}
    arrays = {name: np.concatenate(parts) for name, parts in numbers.items()}
    found = {name: coder.column() for name, coder in kept.items()}
    return Events(
        columns["source"],
        ArrowTexts(pa.concat_arrays(ids)),
        columns["customer"],
        columns["session"],
        columns["type"],
        arrays["time"],
        arrays["received"],
        arrays["amount"],
        columns["currency"],
        found.__getitem__,
    )
