"""Bodies of customers and events, decoded straight into columns.

As in `schemas.decoding`, whatever is in doubt is left to the models, which alone refuse.
"""

import re
from collections.abc import Sequence
from itertools import chain
from operator import attrgetter
from typing import Annotated, Any, Final, TypeVar

import msgspec
import numpy as np
from msgspec import UNSET, Meta, UnsetType
from numpy.typing import NDArray

from valuebox.facts.arriving import ArrivingCustomers, ArrivingEvents
from valuebox.facts.tables import CURRENCY_LENGTH, MAX_ID, MAX_SOURCE, MAX_TYPE
from valuebox.schemas.decoding import decoded
from valuebox.schemas.moments import plain_times
from valuebox.schemas.requests import names_at_most
from valuebox.schemas.values import MAX_ROW_BYTES
from valuebox.store.texts import Texts

MAX_ROWS: Final = 10_000
MAX_VALUES: Final = 50 * MAX_ROWS
MAX_AMOUNT: Final = 1e12

_Source = Annotated[str, Meta(min_length=1, max_length=MAX_SOURCE)]
_Id = Annotated[str, Meta(min_length=1, max_length=MAX_ID)]
_Type = Annotated[str, Meta(min_length=1, max_length=MAX_TYPE)]
_Amount = Annotated[float, Meta(ge=-MAX_AMOUNT, le=MAX_AMOUNT)]
_Currency = Annotated[str, Meta(min_length=CURRENCY_LENGTH, max_length=CURRENCY_LENGTH)]
_Object = dict[str, Any]


class _Customer(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    source: _Source
    id: _Id
    created: str | UnsetType | None = UNSET
    attributes: _Object | UnsetType | None = UNSET


class _Event(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    source: _Source
    id: _Id
    type: _Type
    time: str
    customer: _Id | UnsetType | None = UNSET
    session: _Id | UnsetType | None = UNSET
    amount: _Amount | UnsetType | None = UNSET
    currency: _Currency | UnsetType | None = UNSET
    properties: _Object | UnsetType | None = UNSET


_Row = TypeVar("_Row", _Customer, _Event)
_CUSTOMERS: Final = msgspec.json.Decoder(
    Annotated[list[_Customer], Meta(min_length=1, max_length=MAX_ROWS)]
)
_EVENTS: Final = msgspec.json.Decoder(
    Annotated[list[_Event], Meta(min_length=1, max_length=MAX_ROWS)]
)
_encoded: Final = msgspec.json.Encoder().encode
_is_currency: Final = re.compile("[A-Z]{3}").fullmatch
# What holds no names of its own, and no depth.
_FLAT: Final = {str, int, float, bool, type(None)}
_INTEGERS: Final = np.iinfo(np.int64)


def customers_of(body: bytes) -> ArrivingCustomers | None:
    """Customers of a body; None where it is in doubt that the models hold the same."""
    rows = decoded(_CUSTOMERS, MAX_VALUES, body)
    if rows is None:
        return None
    columns, names = _columns(_Customer, rows)
    written = _written(columns["attributes"], body, names)
    created = _times(columns["created"])
    if written is None or created is None:
        return None
    return ArrivingCustomers(**columns | {"created": created})


def events_of(body: bytes) -> ArrivingEvents | None:
    """Events of a body; None where it is in doubt that the models hold the same."""
    rows = decoded(_EVENTS, MAX_VALUES, body)
    if rows is None:
        return None
    columns, names = _columns(_Event, rows)
    written = _written(columns["properties"], body, names)
    time = _times(columns["time"])
    if written is None or time is None:
        return None
    if not all(map(_is_currency, set(columns["currency"]) - {None})):
        return None
    if None in columns["customer"] and (None, None) in set(
        zip(columns["customer"], columns["session"], strict=True)
    ):
        return None
    return ArrivingEvents(**columns | {"time": time, "properties": written})


def _columns(kind: type[_Row], rows: Sequence[_Row]) -> tuple[dict[str, Any], int]:
    """Values by column, None where one is missing, and how many names were sent."""
    columns: dict[str, Any] = {}
    names = 0
    for name in kind.__struct_fields__:
        values = list(map(attrgetter(name), rows))
        absent = values.count(UNSET)
        if absent:
            values = [None if value is UNSET else value for value in values]
        columns[name] = values
        names += len(values) - absent
    return columns, names


def _times(texts: Sequence[str | None]) -> NDArray[np.datetime64] | None:
    """Moments in UTC, NaT where there is none; None where they are not plain."""
    try:
        if None not in texts:
            return plain_times(texts)  # type: ignore[arg-type]
        times = np.full(len(texts), np.datetime64("NaT", "us"))
        some = [text for text in texts if text is not None]
        if some:
            times[[text is not None for text in texts]] = plain_times(some)
        return times
    except ValueError:
        return None


def plain_objects(objects: Sequence[_Object], body: bytes, names: int) -> bool:
    """Whether the models certainly have the same objects, without one below them.

    Args:
        objects: All that were decoded.
        body: In which they were sent.
        names: How many names it has beside theirs.
    """
    if not names_at_most(body, names + sum(map(len, objects))):
        return False
    values = list(chain.from_iterable(map(dict.values, objects)))
    kinds = set(map(type, values))
    if int in kinds:
        integers = [value for value in values if type(value) is int]
        if min(integers) < _INTEGERS.min or max(integers) > _INTEGERS.max:
            return False
    return kinds <= _FLAT


def _written(objects: Sequence[_Object | None], body: bytes, names: int) -> Texts | None:
    """Objects as JSON; None where one is in doubt, or something may be named twice.

    Args:
        objects: Of each row.
        body: In which they were sent.
        names: How many names it has beside theirs.
    """
    if not plain_objects([one for one in objects if one is not None], body, names):
        return None
    texts = [None if one is None else _encoded(one) for one in objects]
    found = Texts.of(texts)
    return None if found.lengths.max() > MAX_ROW_BYTES // 2 else found
