"""Events batch by batch, put together by column."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from valuebox.facts.content_ids import Ordinals, content_ids, plainly
from valuebox.features.declared.columns import Coded
from valuebox.features.declared.events import Events
from valuebox.features.declared.scalars import Scalar, scalar

TEXTS: Final = ("source", "customer", "session", "type", "currency")
"""Columns of texts of which there are few, or which many events share."""
_OF_CONTENT: Final = ("source", "customer", "session", "type")


class Coder:
    """Codes of values that come batch by batch: the same value has the same code in all of them."""

    def __init__(self) -> None:
        self._known: dict[tuple[type, Scalar], int] = {}
        self._codes: list[NDArray[np.int32]] = []

    def add(self, values: Iterable[Scalar]) -> None:
        """Code the values of a batch, None for missing."""
        self._codes.append(np.array([self.code(one) for one in values], dtype=np.int32))

    def add_coded(self, values: Sequence[Scalar], codes: NDArray[Any]) -> None:
        """Take the values of a batch that has codes of its own, -1 for missing."""
        known = np.array([*map(self.code, values), -1], dtype=np.int32)
        self._codes.append(known[codes])

    def code(self, value: Scalar) -> int:
        """The code of a value."""
        if value is None:
            return -1
        return self._known.setdefault((value.__class__, value), len(self._known))

    def column(self) -> Coded:
        """All values so far."""
        codes = np.concatenate([np.empty(0, dtype=np.int32), *self._codes])
        return Coded(codes, [value for _, value in self._known])


class Collected:
    """Events that come batch by batch.

    Args:
        properties: Names of the properties that are kept.
    """

    def __init__(self, properties: Iterable[str]):
        self._texts = {name: Coder() for name in TEXTS}
        self._properties = {name: Coder() for name in properties}
        self._ids: list[NDArray[np.object_]] = []
        self._numbers: dict[str, list[NDArray[Any]]] = {"time": [], "received": [], "amount": []}
        self._ordinals = Ordinals()

    def add(
        self,
        texts: dict[str, Sequence[str | None]],
        ids: Sequence[str | None],
        numbers: dict[str, NDArray[Any]],
        properties: Sequence[dict[str, Any]],
    ) -> None:
        """Take a batch.

        Args:
            texts: The columns of `TEXTS`.
            ids: None for events that came without one.
            numbers: `time` and `received` in microseconds since 1970; `amount`, NaN for missing.
            properties: All of each event.
        """
        for name, coder in self._texts.items():
            coder.add(texts[name])
        for name, coder in self._properties.items():
            coder.add([scalar(one.get(name)) for one in properties])
        self._ids.append(_with_ids(ids, texts, numbers, properties, self._ordinals))
        for name, column in numbers.items():
            self._numbers[name].append(column)

    def events(self) -> Events:
        """All of them, in the order in which they came."""
        ids = np.concatenate([np.empty(0, dtype=object), *self._ids])
        time, received, amount = (
            np.concatenate([np.empty(0, dtype=kind), *self._numbers[name]])
            for name, kind in (("time", np.int64), ("received", np.int64), ("amount", np.float64))
        )
        columns = {name: coder.column() for name, coder in self._texts.items()}
        properties = {name: coder.column() for name, coder in self._properties.items()}
        return Events(
            columns["source"],
            ids,
            columns["customer"],
            columns["session"],
            columns["type"],
            time,
            received,
            amount,
            columns["currency"],
            properties.__getitem__,
        )


def _with_ids(
    ids: Sequence[str | None],
    texts: dict[str, Sequence[str | None]],
    numbers: dict[str, NDArray[Any]],
    properties: Sequence[dict[str, Any]],
    ordinals: Ordinals,
) -> NDArray[np.object_]:
    """The ids of a batch; events that came without one get one of their content."""
    found = np.array(ids, dtype=object)
    without = [row for row, one in enumerate(ids) if one is None]
    if without:
        amounts = numbers["amount"][without].tolist()
        contents = [
            (*(texts[name][row] for name in _OF_CONTENT), None if amount != amount else amount,
             texts["currency"][row])
            for row, amount in zip(without, amounts, strict=True)
        ]  # fmt: skip
        told = [plainly(properties[row]) if properties[row] else None for row in without]
        times = numbers["time"][without].astype("datetime64[us]")
        found[without] = content_ids(contents, told, times, ordinals)
    return found
