"""Raw events made into ours, by column: what HTTP and imports of files have in common."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from valuebox.facts.arriving import ArrivingEvents
from valuebox.facts.content_ids import Ordinals, content_ids, plainly
from valuebox.facts.raw import values
from valuebox.facts.raw.mapping import EVERY, Attribute, Names, RawMapping
from valuebox.facts.tables import MAX_ID, MAX_SOURCE, MAX_TYPE
from valuebox.schemas.values import MAX_ROW_BYTES, outsized
from valuebox.store.texts import Texts

Object = dict[str, Any]

_REQUIRED: Final = "Field required"


class Mistake(NamedTuple):
    """What keeps a raw event from being stored."""

    row: int
    """Position among those that were read together."""
    field: str
    """The name that the raw event has, or should have."""
    message: str
    """What is wrong, and what is expected."""


class RawEventsRead(NamedTuple):
    """Raw events as they can be stored, and what is wrong with the others."""

    events: ArrivingEvents
    rows: Sequence[int]
    """Position of each event among the raw ones."""
    mistakes: list[Mistake]
    """By row; a row may have several."""


@dataclass(frozen=True)
class RawReader:
    """Reads raw events by a mapping."""

    name: str
    """What the mapping is called."""
    mapping: RawMapping

    def source(self, given: str | None = None) -> str:
        """What events are known to come from that do not say so themselves.

        Args:
            given: What whoever sends them says, if anything.
        """
        return given or self.mapping.source or self.name

    def read(self, objects: Sequence[Object], source: str, ordinals: Ordinals) -> RawEventsRead:
        """Raw events as they are stored.

        Args:
            objects: As `schemas.Object` lets them pass; they are taken apart.
            source: See `source`.
            ordinals: Of the upload that they are part of.
        """
        return _Reading(self.mapping, objects, source).read(ordinals)


class _Reading:
    """Raw events on their way, of which every column takes the names that it uses."""

    def __init__(self, mapping: RawMapping, objects: Sequence[Object], source: str):
        self._mapping, self._source = mapping, source
        self._rows = objects
        self._mistakes: list[Mistake] = []

    def read(self, ordinals: Ordinals) -> RawEventsRead:
        rows = self._mapping.raw
        own_ids = self._texts(rows.id, MAX_ID)
        sources = [one or self._source for one in self._texts(rows.source, MAX_SOURCE)]
        customers, sessions = (self._texts(one, MAX_ID) for one in (rows.customer, rows.session))
        kinds = self._kinds()
        times = self._times()
        amounts = self._amounts(kinds)
        currencies = self._currencies(amounts)
        self._refuse_nobody(customers, sessions)
        for name in rows.drop:
            for row in self._rows:
                row.pop(name, None)
        told = self._properties()
        columns: dict[str, Any] = {
            "source": sources,
            "customer": customers,
            "session": sessions,
            "type": kinds,
            "amount": amounts,
            "currency": currencies,
        }
        bad = {one.row for one in self._mistakes}
        good = [row for row in range(len(self._rows)) if row not in bad]
        if bad:
            columns = {name: [column[row] for row in good] for name, column in columns.items()}
            own_ids = [own_ids[row] for row in good]
            told = [told[row] for row in good]
            times = times[good]
        ids = _ids(own_ids, list(zip(*columns.values(), strict=True)), told, times, ordinals)
        for name, attribute in rows.attributes.items():
            self._tell(name, attribute, good, told)
        found = ArrivingEvents(**columns, id=ids, time=times, properties=_joined(told))
        return RawEventsRead(found, good, sorted(self._mistakes))

    def _take(self, names: Names) -> tuple[list[Any], dict[int, str]]:
        """The first of some names that each row has, and which that was where it is another."""
        first, *others = names
        taken = [row.pop(first, None) for row in self._rows]
        elsewhere: dict[int, str] = {}
        if others and (None in taken or "" in taken):
            for at, value in enumerate(taken):
                if value is None or value == "":
                    taken[at], elsewhere[at] = self._other(at, others, first)
        return taken, elsewhere

    def _other(self, at: int, names: Sequence[str], first: str) -> tuple[Any, str]:
        row = self._rows[at]
        for name in names:
            value = row.get(name)
            if value is not None and value != "":
                return row.pop(name), name
        return None, first

    def _refuse(self, wrong: values.Wrong, names: Names, elsewhere: dict[int, str]) -> None:
        self._mistakes += [
            Mistake(row, elsewhere.get(row, names[0]), message) for row, message in wrong.items()
        ]

    def _texts(self, names: Names | None, longest: int) -> list[str | None]:
        if names is None:
            return [None] * len(self._rows)
        wrong: values.Wrong = {}
        taken, elsewhere = self._take(names)
        found = values.texts(taken, longest, wrong)
        self._refuse(wrong, names, elsewhere)
        return found

    def _kinds(self) -> list[str]:
        rows, wrong = self._mapping.raw.type, values.Wrong()
        taken, elsewhere = self._take(rows.column)
        found = values.texts(taken, MAX_TYPE, wrong)
        if None in found:
            missing = (row for row, kind in enumerate(found) if kind is None)
            wrong = dict.fromkeys(missing, _REQUIRED) | wrong
        self._refuse(wrong, rows.column, elsewhere)
        return [rows.names.get(kind, kind) for kind in found]  # type: ignore[arg-type, misc]

    def _times(self) -> NDArray[np.datetime64]:
        rows, wrong = self._mapping.raw.time, values.Wrong()
        taken, elsewhere = self._take(rows.column)
        found = values.moments(taken, rows.format, self._mapping.zone, wrong)
        self._refuse(wrong, rows.column, elsewhere)
        return found

    def _amounts(self, kinds: Sequence[str]) -> list[float | None]:
        by_type, wrong = self._mapping.raw.amount, values.Wrong()
        found: list[float | None] = [None] * len(kinds)
        taken: dict[int, Any] = {}
        elsewhere: dict[int, str] = {}
        for row, kind in enumerate(kinds) if by_type else ():
            if names := by_type.get(kind) or by_type.get(EVERY):
                taken[row], elsewhere[row] = self._other(row, names, names[0])
        for row, amount in values.amounts(taken, self._mapping.decimal, wrong).items():
            found[row] = amount
        self._refuse(wrong, (EVERY,), elsewhere)
        return found

    def _currencies(self, amounts: Sequence[float | None]) -> list[str | None]:
        names, own, wrong = self._mapping.raw.currency, self._mapping.currency, values.Wrong()
        found: list[str | None] = [None] * len(amounts)
        if names is not None:
            taken, elsewhere = self._take(names)
            found = values.currencies(values.texts(taken, MAX_ID, wrong), wrong)
            self._refuse(wrong, names, elsewhere)
        if own is None:
            return found
        return [
            own if code is None and amount is not None else code
            for code, amount in zip(found, amounts, strict=True)
        ]

    def _refuse_nobody(
        self, customers: Sequence[str | None], sessions: Sequence[str | None]
    ) -> None:
        if None not in customers or None not in sessions:
            return
        rows = self._mapping.raw
        names = (*(rows.customer or ()), *(rows.session or ()))
        bad = {one.row for one in self._mistakes if one.field in names}
        self._mistakes += [
            Mistake(row, names[0], "Input should have a customer or a session")
            for row, both in enumerate(zip(customers, sessions, strict=True))
            if both == (None, None) and row not in bad
        ]

    def _properties(self) -> list[bytes | None]:
        """What is left of each row, as JSON; None where nothing is."""
        told = [plainly(row) if row else None for row in self._rows]
        if max((len(one) for one in told if one), default=0) > MAX_ROW_BYTES:
            self._mistakes += [
                Mistake(at, name, f"Input should leave {MAX_ROW_BYTES:,} bytes as JSON at most")
                for at, row in enumerate(self._rows)
                if (name := outsized(row)) is not None
            ]
        return told

    def _tell(
        self, name: str, attribute: Attribute, rows: Sequence[int], told: list[bytes | None]
    ) -> None:
        """Write an attribute into what is told of the events that tell it."""
        for at, row in enumerate(rows):
            own = self._rows[row]
            value = own.get(attribute.of)
            if value is None or name in own:
                continue
            if attribute.contains is not None:
                value = isinstance(value, str) and any(one in value for one in attribute.contains)
            own[name] = value
            told[at] = plainly(own)


def _ids(
    own: Sequence[str | None],
    contents: Sequence[tuple[Any, ...]],
    told: Sequence[bytes | None],
    times: NDArray[np.datetime64],
    ordinals: Ordinals,
) -> list[str]:
    """The id of each event, or one that is made of what it says."""
    nameless = [row for row, one in enumerate(own) if one is None]
    if not nameless:
        return list(own)  # type: ignore[arg-type]
    if len(nameless) == len(own):
        return content_ids(contents, told, times, ordinals)
    some = itemgetter(*nameless, nameless[0])
    made = content_ids(some(contents)[:-1], some(told)[:-1], times[nameless], ordinals)
    found = dict(enumerate(own)) | dict(zip(nameless, made, strict=True))
    return list(found.values())  # type: ignore[arg-type]


def _joined(told: Sequence[bytes | None]) -> Texts:
    lengths = np.array([-1 if one is None else len(one) for one in told], dtype=np.int64)
    return Texts(lengths, np.frombuffer(b"".join(filter(None, told)), dtype=np.uint8))
