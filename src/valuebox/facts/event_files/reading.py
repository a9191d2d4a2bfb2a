"""Events out of files: as `POST /v1/events` takes them, or with a column for each property."""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from valuebox.facts.event_files.collecting import TEXTS, Collected
from valuebox.features.declared.declaration import OWN
from valuebox.features.declared.events import Events
from valuebox.features.declared.scalars import number, scalar
from valuebox.files.packed import begins_with
from valuebox.files.problems import BadFile, Problems
from valuebox.files.source import open_source
from valuebox.schemas.moments import Moment, plain_times

_AT_ONCE: Final = 50_000
_PROPERTIES: Final = "properties"
_MOMENT: Final = TypeAdapter(Moment)
_Object = dict[str, Any]


def read_events(paths: Sequence[Path], properties: Iterable[str]) -> Events:
    """Read files of events, all of them as one upload.

    Args:
        paths: JSON lines, a JSON array, CSV or Parquet; what a file is shows in its content.
        properties: Names of the properties that are kept.

    Raises:
        BadFile: naming the rows that cannot be used.
    """
    collected = Collected(properties)
    for path in paths:
        problems = Problems()
        above = 0
        for objects in _objects(path):
            _add(collected, objects, path, problems, above)
            above += len(objects)
        problems.raise_for(path)
    return collected.events()


def _objects(path: Path) -> Iterator[list[_Object]]:
    """The rows of a file as objects, some at once."""
    try:
        begin = begins_with(path).lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    except OSError as error:
        raise BadFile(f"{path}: cannot be read: {error.strerror}") from None
    if begin == b"{":
        yield from _of_lines(path)
    elif begin == b"[":
        yield from _of_array(path)
    elif begin or path.is_dir():
        source = open_source(path)
        source.check_twice()
        for table in source.batches(_AT_ONCE, source.names):
            yield [
                {name: value for name, value in row.items() if value is not None and value != ""}
                for row in table.to_pylist()
            ]


def _of_lines(path: Path) -> Iterator[list[_Object]]:
    decoder = msgspec.json.Decoder(_Object)
    found: list[_Object] = []
    with path.open("rb") as file:
        for line, text in enumerate(file, start=1):
            content = text.lstrip(b"\xef\xbb\xbf").strip()
            if not content:
                continue
            try:
                found.append(decoder.decode(content))
            except msgspec.MsgspecError as error:
                raise BadFile(f"{path}: line {line:,} is no JSON object: {error}") from None
            if len(found) == _AT_ONCE:
                yield found
                found = []
    yield found


def _of_array(path: Path) -> Iterator[list[_Object]]:
    try:
        found = msgspec.json.decode(path.read_bytes().lstrip(b"\xef\xbb\xbf"), type=list[_Object])
    except msgspec.MsgspecError as error:
        raise BadFile(f"{path}: is no JSON array of objects: {error}") from None
    for start in range(0, len(found), _AT_ONCE):
        yield found[start : start + _AT_ONCE]


def _add(
    collected: Collected, objects: list[_Object], path: Path, problems: Problems, above: int
) -> None:
    """Take some rows of a file, or note what is wrong with them."""
    texts: dict[str, Any] = {
        name: [_text(one.get(name)) for one in objects] for name in (*TEXTS, "id")
    }
    if not any("source" in one for one in objects):
        texts["source"] = [path.name.split(".")[0]] * len(objects)
    ids = texts.pop("id")

    def note(bad: Iterable[bool], what: str) -> None:
        problems.add(np.fromiter(bad, dtype=bool, count=len(objects)), what, above)

    for name in ("source", "type"):
        note((one is None for one in texts[name]), f"{name}: is missing, or no text")
    times = [_time(one.get("time")) for one in objects] if not _plainly(objects) else None
    time = _microseconds([one["time"] for one in objects]) if times is None else _filled(times)
    if times is not None:
        note((one is None for one in times), "time: is no moment in ISO 8601")
    received = time.copy()
    told = [row for row, one in enumerate(objects) if one.get("received_at") is not None]
    if told:
        when = [_time(objects[row]["received_at"]) for row in told]
        bad = np.zeros(len(objects), dtype=bool)
        bad[told] = [one is None for one in when]
        note(bad, "received_at: is no moment in ISO 8601")
        received[told] = _filled(when)
    amount = [number(scalar(one.get("amount"))) for one in objects]
    note(
        (
            one is None and row.get("amount") is not None
            for one, row in zip(amount, objects, strict=True)
        ),
        "amount: is no number",
    )
    properties = [_properties(one) for one in objects]
    note((one is None for one in properties), "properties: is no object")
    if problems:
        return
    collected.add(
        texts,
        ids,
        {
            "time": time,
            "received": received,
            "amount": np.array([np.nan if one is None else one for one in amount], np.float64),
        },
        [one or {} for one in properties],
    )


def _text(value: Any) -> str | None:
    """A text, also of a number, as ids of files are; None where there is none."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value) or None


def _properties(row: _Object) -> _Object | None:
    """All properties of a row; None where they are none."""
    own = row.get(_PROPERTIES)
    if isinstance(own, str):
        try:
            own = json.loads(own)
        except ValueError:
            return None
    if own is not None and not isinstance(own, dict):
        return None
    rest = {name: one for name, one in row.items() if name not in OWN and name != _PROPERTIES}
    return {**rest, **(own or {})}


def _plainly(objects: list[_Object]) -> bool:
    """Whether all times are spelt in one plain way."""
    try:
        plain_times([one["time"] for one in objects])
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return False
    return True


def _microseconds(texts: list[str]) -> NDArray[np.int64]:
    return plain_times(texts).astype(np.int64)


def _time(value: Any) -> int | None:
    """A moment in microseconds since 1970; None where it is none."""
    try:
        moment = _MOMENT.validate_python(value)
    except ValidationError:
        return None
    return int(np.datetime64(moment.replace(tzinfo=None), "us").astype(np.int64))


def _filled(times: Sequence[int | None]) -> NDArray[np.int64]:
    return np.array([0 if one is None else one for one in times], dtype=np.int64)
