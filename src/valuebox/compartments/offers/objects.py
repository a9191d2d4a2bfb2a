"""Objects in JSON by column, many at a time: learning reads millions of values so."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import chain
from operator import attrgetter
from typing import Any, Final

import msgspec
import numpy as np

from valuebox.features.declared.columns import Coded, Column, coded, numbers
from valuebox.features.declared.scalars import scalar

_PLAIN: Final = frozenset({float, int, type(None)})
_OF_ONE_KIND: Final = (frozenset({str, type(None)}), frozenset({bool, type(None)}))
_PLAIN_DECODERS: Final[dict[bool, Callable[[str], Any]]] = {
    False: msgspec.json.Decoder(list[dict[str, Any]]).decode,
    True: msgspec.json.Decoder(list[list[dict[str, Any]]]).decode,
}
"""Of objects, and of lists of them."""


class Objects:
    """Columns of the members of objects, which come in parts and have much the same members.

    Args:
        are_lists: Whether each text holds a list of objects, or a single one.
        only: Members that are read; None for all.
    """

    def __init__(self, are_lists: bool = False, only: Sequence[str] | None = None):
        self._are_lists, self._only = are_lists, only
        self._names: dict[str, None] = dict.fromkeys(only or ())
        self._decode = None if only is None else _decoder(only, are_lists, others=True)
        self._parts: dict[str, list[Column]] = {}
        self._counts: list[int] = []
        self.sizes: list[int] = []
        """How many objects each text has held."""

    def add(self, texts: Sequence[str]) -> None:
        """Take one more part.

        Args:
            texts: An object, or a list of objects, in JSON each.
        """
        found = self._decoded(f"[{','.join(texts)}]")
        if self._are_lists:
            self.sizes += map(len, found)
            found = list(chain.from_iterable(found))
        self._counts.append(len(found))
        for place, name in enumerate(self._names):
            known = self._parts.setdefault(name, [])
            # Members that are new were missing in the parts before.
            known += [_missing(count) for count in self._counts[len(known) : -1]]
            known.append(_column(list(map(self._getter(place, name), found))))

    def _getter(self, place: int, name: str) -> Callable[[Any], Any]:
        return partial(_got, name=name) if self._is_plain else attrgetter(f"field_{place}")

    @property
    def _is_plain(self) -> bool:
        return self._decode is _PLAIN_DECODERS[self._are_lists]

    def _decoded(self, text: str) -> Any:
        if self._decode is not None:
            try:
                found = self._decode(text)
            except msgspec.ValidationError:
                pass
            else:
                if self._is_plain:
                    self._learn(found)
                return found
        self._learn(_PLAIN_DECODERS[self._are_lists](text))
        self._decode = _decoder(tuple(self._names), self._are_lists, others=False)
        return self._decode(text)

    def _learn(self, objects: Any) -> None:
        """Take notice of members that are new."""
        each: Iterable[Any] = chain.from_iterable(objects) if self._are_lists else objects
        for one in each:
            self._names.update(dict.fromkeys(one))

    def columns(self) -> dict[str, Column]:
        """Every member by its name, of all objects in their order."""
        return {name: _joined(parts) for name, parts in self._parts.items()}


def _decoder(names: Sequence[str], are_lists: bool, others: bool) -> Callable[[str], Any]:
    fields = {f"field_{place}": name for place, name in enumerate(names)}
    try:
        kind = msgspec.defstruct(
            "Read",
            [(one, Any, None) for one in fields],
            rename=fields,
            forbid_unknown_fields=not others,
            gc=False,
        )
    except ValueError:
        # The decoder takes no names that are written in escapes.
        return _PLAIN_DECODERS[are_lists]
    of: Any = list[kind]  # type: ignore[valid-type]
    return msgspec.json.Decoder(list[of] if are_lists else of).decode


def _got(one: dict[str, Any], name: str) -> Any:
    return one.get(name)


def _missing(count: int) -> Column:
    return np.full(count, np.nan)


def _column(values: list[Any]) -> Column:
    """A part of a column: numbers, or codes where there is anything else."""
    kinds = set(map(type, values))
    if kinds <= _PLAIN:
        try:
            return np.array(values, dtype=np.float64)
        except OverflowError:
            pass
    if any(kinds <= one for one in _OF_ONE_KIND):
        return codes_of(values)
    return Coded.of(map(scalar, values))


def codes_of(values: Sequence[Any]) -> Coded:
    """Codes of texts, or of truths, of which there are few different ones; None is missing."""
    different = dict.fromkeys(values)
    different.pop(None, None)
    code: dict[Any, int] = {one: place for place, one in enumerate(different)}
    code[None] = -1
    codes = np.fromiter(map(code.__getitem__, values), dtype=np.int32, count=len(values))
    return Coded(codes, [one for one in different if one is not None])


def _joined(parts: Sequence[Column]) -> Column:
    """Parts of a column as one: numbers where all that are there are, or else codes."""
    kinds = {type(one) for part in parts if isinstance(part, Coded) for one in part.values}
    if str not in kinds:
        return np.concatenate([numbers(part) for part in parts])
    return together([coded(part) for part in parts])


def together(parts: Sequence[Coded]) -> Coded:
    """Codes of several parts as those of one column."""
    known: dict[Any, int] = {}
    codes = [np.zeros(0, dtype=np.int32)]
    for part in parts:
        places = [known.setdefault((one.__class__, one), len(known)) for one in part.values]
        codes.append(np.array([*places, -1], dtype=np.int32)[part.codes])
    return Coded(np.concatenate(codes), [value for _, value in known])
