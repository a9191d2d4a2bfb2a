"""What a file with features says: whose events, blocks, fields, anchors and windows.

docs/features.md explains it to those who write one.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from valuebox.features.declared.durations import Duration
from valuebox.features.declared.expressions import formula
from valuebox.features.declared.parts import (
    Anchor,
    Figured,
    Measure,
    Name,
    Part,
    Ratio,
    Split,
    Window,
)
from valuebox.features.declared.worth import BLOCK

MOST_COLUMNS: Final = 2_000
OWN: Final = (
    "source",
    "id",
    "customer",
    "session",
    "type",
    "time",
    "amount",
    "currency",
    "received_at",
)
"""Names that mean a column of the event itself, and no property."""
OF_BLOCK: Final = ("events", "seconds", "silence")
"""What `block(…)` knows beside the fields."""


Version = Annotated[int, Field(ge=1, le=2**31 - 1)]
"""A version, as databases hold it."""


class Declaration(Part):
    """A whole file."""

    name: Name
    version: Version = Field(
        default=1, description="A declaration that is changed needs another one."
    )
    of: Literal["customer", "session"] = Field(
        default="customer", description="Whose events: a customer's, or a session's."
    )
    source: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = Field(
        default=None, description="Only events of this source; all by default."
    )
    known: Literal["received", "happened"] = Field(
        default="received",
        description=(
            "What was known at an anchor: what had arrived by then, or all that had happened."
        ),
    )
    currency: Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")] | None = Field(
        default=None, description="The only currency of amounts that are read."
    )
    lookback: Duration | None = None
    split: Split | None = None
    outcomes: tuple[str, ...] = Field(
        default=(),
        description="Properties that anchors get to know later, and that targets alone may use.",
    )
    anchor: Anchor
    attribute: dict[Name, Measure] = Field(default={})
    field: dict[Name, Figured] = Field(default={})
    window: dict[Name, Window] = Field(default={})

    @cached_property
    def hash(self) -> str:
        """What tells this declaration from every other that means something else."""
        said = json.dumps(self.model_dump(exclude_defaults=True), sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    def fields_of(self, window: Window) -> tuple[str, ...]:
        """The fields of a window, in the order of its columns."""
        return tuple(self.field) if window.fields is None else window.fields

    def measures(self, name: str) -> Iterator[tuple[str, Measure]]:
        """The measures that a field is made of: itself, or both of a ratio."""
        found = self.field[name]
        for one in found.ratio if isinstance(found, Ratio) else (name,):
            if isinstance(measure := self.field[one], Measure):
                yield one, measure

    @property
    def properties(self) -> list[str]:
        """Names of the properties of events that it reads, sorted."""
        found = set(self.read_of_anchors)
        if self.anchor.when is not None:
            found |= formula(self.anchor.when).names
        for measure in (*self.attribute.values(), *self.field.values()):
            found |= measure.names if isinstance(measure, Measure) else set()
        return sorted(found - frozenset(OWN))

    @property
    def read_of_anchors(self) -> frozenset[str]:
        """Names that are read of a moment itself: for blocks, and for columns that go along."""
        said = [*self.anchor.columns]
        found: set[str] = set()
        if self.split is not None:
            said += [one for one in (self.split.by, self.split.change) if one is not None]
            if self.split.when is not None:
                condition = formula(self.split.when, of_blocks=True)
                found |= condition.names | condition.before
        return frozenset(found.union(*(formula(one).names for one in said)))

    @property
    def horizon(self) -> int:
        """Length of the longest target in microseconds; 0 without any."""
        return max((one.length for one in self.window.values() if one.target), default=0)

    @property
    def features(self) -> list[str]:
        """Names of the columns that are known at the anchor, in order."""
        return [
            *self.attribute,
            *(f"anchor.{one}" for one in self.anchor.columns),
            *self._of(False),
        ]

    @property
    def targets(self) -> list[str]:
        """Names of the columns that are known later, in order."""
        return list(self._of(True))

    def _of(self, target: bool) -> Iterator[str]:
        for name, window in self.window.items():
            if window.target is target:
                for field in self.fields_of(window):
                    yield f"{name}.{field}"
                    if field in window.cap:
                        yield f"{name}.{field}.capped"

    @model_validator(mode="after")
    def _hangs_together(self) -> "Declaration":
        for where, said in _faults(self):
            raise PydanticCustomError(
                "declaration", "{where}: {said}", {"where": where, "said": said}
            )
        return self


def _faults(declared: Declaration) -> Iterator[tuple[str, str]]:
    """Where something is said that does not fit with something else, and what."""
    for name, field in declared.field.items():
        if isinstance(field, Ratio):
            for one in field.ratio:
                if not isinstance(declared.field.get(one), Measure):
                    yield f"field.{name}", f"{one} is no field, or a ratio itself"
    for name, window in declared.window.items():
        where = f"window.{name}"
        for one in (*declared.fields_of(window), *window.cap):
            if one not in declared.field:
                yield where, f"there is no field {one}"
        for one in window.cap:
            if one not in declared.fields_of(window):
                yield where, f"{one} is capped, and no field of the window"
        if declared.split is None and (window.blocks is not None or not window.own):
            yield where, "blocks need a split"
    if declared.split is None and declared.anchor.most is not None:
        yield "anchor", "most needs a split: it counts by block"
    columns = [*declared.features, *declared.targets]
    if len(columns) > MOST_COLUMNS:
        yield "window", f"there are {len(columns):,} columns, of at most {MOST_COLUMNS:,}"
    if not columns:
        yield (
            "window",
            "there is nothing to work out: neither an attribute nor a window with fields",
        )
    for one, count in Counter(columns).items():
        if count > 1:
            yield "anchor", f"{count} columns are called {one}"
    for one in declared.attribute:
        if one in ("anchor_id", "source", "customer", "session", "time", "matures"):
            yield f"attribute.{one}", "every row has a column of this name"
    yield from _faults_of_split(declared)
    yield from _leaks(declared)


def _faults_of_split(declared: Declaration) -> Iterator[tuple[str, str]]:
    if declared.split is None or declared.split.when is None:
        return
    for one in formula(declared.split.when, of_blocks=True).block:
        if one not in OF_BLOCK and not isinstance(declared.field.get(one), Measure):
            yield (
                "split.when",
                f"{BLOCK}({one}) is no field without a ratio, and none of {', '.join(OF_BLOCK)}",
            )


def _leaks(declared: Declaration) -> Iterator[tuple[str, str]]:
    """Outcomes that something known at the anchor would look at."""
    outcomes = frozenset(declared.outcomes)
    if declared.split is not None:
        for said in (declared.split.by, declared.split.change, declared.split.when):
            found = None if said is None else formula(said, of_blocks=True)
            for one in () if found is None else sorted(outcomes & (found.names | found.before)):
                yield "split", f"{one} is an outcome, which only targets may use"
    anchor = declared.anchor
    for said in (anchor.when, *anchor.columns):
        for one in () if said is None else sorted(outcomes & formula(said).names):
            yield "anchor", f"{one} is an outcome, which only targets may use"
    for name, measure in declared.attribute.items():
        for one in sorted(outcomes & measure.names):
            yield f"attribute.{name}", f"{one} is an outcome, which only targets may use"
    for name, window in declared.window.items():
        for field in () if window.target else declared.fields_of(window):
            for _, measure in declared.measures(field):
                for one in sorted(outcomes & measure.names):
                    yield (
                        f"window.{name}",
                        f"{field} looks at {one}, an outcome, which only targets may use",
                    )
