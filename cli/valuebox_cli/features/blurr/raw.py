"""Raw events out of JSON, as Blurr reads them: one object after another."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from valuebox.files.problems import BadFile


def raw_events(paths: Iterable[Path]) -> Iterator[dict[str, Any]]:
    """The events of files in their order, which have an object in each line or are one array.

    Raises:
        BadFile: where something is neither.
    """
    for path in paths:
        try:
            with path.open(encoding="utf-8-sig") as file:
                yield from _objects(path, file)
        except OSError as error:
            raise BadFile(f"{path}: cannot be read: {error.strerror}") from None
        except UnicodeDecodeError as error:
            raise BadFile(f"{path}: is no text: {error}") from None


def _objects(path: Path, lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        if number == 1 and line.lstrip().startswith("["):
            yield from _of_array(path, line + "".join(lines))
            return
        found = _decoded(f"{path}: line {number:,}", line)
        if not isinstance(found, dict):
            raise BadFile(f"{path}: line {number:,} is no JSON object")
        yield found


def _of_array(path: Path, text: str) -> list[dict[str, Any]]:
    found = _decoded(str(path), text)
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise BadFile(f"{path}: is no JSON array of objects")
    return found


def _decoded(where: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadFile(f"{where} is no JSON: {error}") from None
