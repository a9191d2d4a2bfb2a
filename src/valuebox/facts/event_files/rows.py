"""Events out of objects, one a row, as JSON has them."""

import json
from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from valuebox.facts.content_ids import Ordinals, content_ids, plainly
from valuebox.facts.event_files.normal import TEXTS, batch_of, written
from valuebox.features.declared.declaration import OWN
from valuebox.features.declared.scalars import number, scalar
from valuebox.files.problems import Problems
from valuebox.schemas.moments import Moment, plain_times

PROPERTIES: Final = "properties"
"""Name of the column, or member, that has all properties of an event."""
_OF_CONTENT: Final = ("source", "customer", "session", "type")
_MOMENT: Final = TypeAdapter(Moment)
Row = dict[str, Any]


class Rows:
    """Objects on their way to columns.

    Args:
        properties: Names of the properties that are kept.
    """

    def __init__(self, properties: Sequence[str]):
        self._properties = properties
        self._ordinals = Ordinals()

    def batch(
        self, rows: list[Row], source: str, problems: Problems, above: int
    ) -> pa.RecordBatch | None:
        """Columns of some rows; None where something is wrong with a row.

        Args:
            rows: Objects as they came, without what is missing.
            source: Source of all of them where no row has one.
            problems: What is wrong with rows goes here.
            above: Rows of the file before these.
        """
        texts: dict[str, Any] = {
            name: [text(one.get(name)) for one in rows] for name in (*TEXTS, "id")
        }
        if not any("source" in one for one in rows):
            texts["source"] = [source] * len(rows)
        ids = texts.pop("id")

        def note(bad: Iterable[bool], what: str) -> None:
            problems.add(np.fromiter(bad, dtype=bool, count=len(rows)), what, above)

        for name in ("source", "type"):
            note((one is None for one in texts[name]), f"{name}: is missing, or no text")
        for name, found in (*texts.items(), ("id", ids)):
            if name not in ("source", "type"):
                note(map(_is_no_text, rows, repeat(name), found), f"{name}: is no text")
        time, is_bad = moments([one.get("time") for one in rows])
        problems.add(is_bad, "time: is no moment in ISO 8601", above)
        received = time.copy()
        told = [row for row, one in enumerate(rows) if one.get("received_at") is not None]
        if told:
            bad = np.zeros(len(rows), dtype=bool)
            received[told], bad[told] = moments([rows[row]["received_at"] for row in told])
            problems.add(bad, "received_at: is no moment in ISO 8601", above)
        amount = [number(scalar(one.get("amount"))) for one in rows]
        note(
            (
                one is None and row.get("amount") is not None
                for one, row in zip(amount, rows, strict=True)
            ),
            "amount: is no number",
        )
        properties = [_properties(one) for one in rows]
        note((one is None for one in properties), "properties: is no object")
        if problems:
            return None
        self._make_ids(ids, texts, time, amount, properties)
        return batch_of(
            {name: pa.array(column, pa.string()) for name, column in texts.items()},
            pa.array(ids, pa.string()),
            time,
            received,
            np.array([np.nan if one is None else one for one in amount], np.float64),
            {
                name: written(scalar((one or {}).get(name)) for one in properties)
                for name in self._properties
            },
            are_json=True,
        )

    def _make_ids(
        self,
        ids: list[str | None],
        texts: dict[str, list[str | None]],
        time: NDArray[np.int64],
        amount: list[float | None],
        properties: list[Row | None],
    ) -> None:
        without = [row for row, one in enumerate(ids) if one is None]
        if not without:
            return
        contents = [
            (*(texts[name][row] for name in _OF_CONTENT), amount[row], texts["currency"][row])
            for row in without
        ]
        told = [plainly(one) if (one := properties[row]) else None for row in without]
        times = time[without].astype("datetime64[us]")
        for row, made in zip(
            without, content_ids(contents, told, times, self._ordinals), strict=True
        ):
            ids[row] = made


def moments(values: list[Any]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Moments in microseconds since 1970, and which values are none."""
    try:
        return plain_times(values).astype(np.int64), np.zeros(len(values), dtype=bool)
    except (ValueError, TypeError, IndexError, AttributeError):
        found = [_moment(one) for one in values]
    return (
        np.array([0 if one is None else one for one in found], dtype=np.int64),
        np.array([one is None for one in found], dtype=bool),
    )


def _moment(value: Any) -> int | None:
    try:
        moment = _MOMENT.validate_python(value)
    except ValidationError:
        return None
    return int(np.datetime64(moment.replace(tzinfo=None), "us").astype(np.int64))


def text(value: Any) -> str | None:
    """A text, also of a whole number, as ids of files are; None where there is none."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value) or None


def _is_no_text(row: Row, name: str, found: str | None) -> bool:
    """Whether a row has something there that is neither a text nor nothing."""
    return found is None and row.get(name) not in (None, "")


def _properties(row: Row) -> Row | None:
    """All properties of a row; None where they are none."""
    own = row.get(PROPERTIES)
    if isinstance(own, str):
        try:
            own = json.loads(own)
        except ValueError:
            return None
    if own is not None and not isinstance(own, dict):
        return None
    rest = {name: one for name, one in row.items() if name not in OWN and name != PROPERTIES}
    return {**rest, **(own or {})}
