"""Raw events of a file, each of which is JSON by itself: read as the same objects of a request."""

from collections.abc import Sequence
from typing import Final

import msgspec
from pydantic import ValidationError

from valuebox.facts.decoding import plain_objects
from valuebox.facts.raw.reading import Object
from valuebox.facts.raw.schemas import RawEvents
from valuebox.schemas.decoding import decoded
from valuebox.schemas.problems import details_of, problem_of

_OBJECT: Final = msgspec.json.Decoder(Object)
_REQUEST: Final = b'{"mapping":"file","events":[%s]}'


def objects_of(lines: Sequence[bytes]) -> list[Object | str]:
    """The object of each line, or why a request could not hold it."""
    found = [decoded(_OBJECT, RawEvents.max_values, line) for line in lines]
    good = [one for one in found if one is not None]
    if len(good) == len(found) and plain_objects(good, b"\n".join(lines), 0):
        return found
    return [
        one if one is not None and plain_objects([one], line, 0) else _doubtful(line)
        for one, line in zip(found, lines, strict=True)
    ]


def _doubtful(line: bytes) -> Object | str:
    try:
        sent = RawEvents.model_validate_json(_REQUEST % line)
    except ValidationError as error:
        first = details_of(error)[0]
        if first["type"] == "json_invalid":
            return "Input should be an object of JSON"
        said = problem_of(first)
        return said.message
    return sent.events[0] if len(sent.events) == 1 else "Input should be one object of JSON"
