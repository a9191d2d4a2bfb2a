"""Bodies of raw events, decoded without a model.

As in `schemas.decoding`, whatever is in doubt is left to the models, which alone refuse.
"""

from typing import Annotated, Any, Final, NamedTuple

import msgspec
from msgspec import UNSET, Meta, UnsetType

from valuebox.facts.decoding import MAX_ROWS, MAX_VALUES, plain_objects
from valuebox.facts.tables import MAX_SOURCE
from valuebox.schemas.decoding import decoded

Object = dict[str, Any]


class _Body(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    mapping: Annotated[str, Meta(min_length=1, max_length=100)]
    events: Annotated[list[Object], Meta(min_length=1, max_length=MAX_ROWS)]
    source: Annotated[str, Meta(min_length=1, max_length=MAX_SOURCE)] | UnsetType | None = UNSET


class Upload(NamedTuple):
    """What a body holds."""

    mapping: str
    source: str | None
    events: list[Object]


_BODY: Final = msgspec.json.Decoder(_Body)


def upload_of(body: bytes) -> Upload | None:
    """Raw events of a body; None where it is in doubt that the model holds the same."""
    found = decoded(_BODY, MAX_VALUES, body)
    if found is None:
        return None
    has_source = found.source is not UNSET
    if not plain_objects(found.events, body, 2 + has_source):
        return None
    return Upload(found.mapping, found.source if has_source else None, found.events)
