"""What files of Blurr are made of, whatever release they were written for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from valuebox_cli.features.blurr.documents import Place, Said

Type = Literal["integer", "float", "string", "boolean", "datetime", "list", "map", "set"]
Kind = Literal["identity", "block", "activity", "variable"]
START: Final = "_start_time"
END: Final = "_end_time"


@dataclass(frozen=True)
class Field:
    """A value that events, or blocks of a window, change one after another."""

    name: str
    type: Type
    value: Said
    when: Said | None
    place: Place


@dataclass(frozen=True)
class Aggregate:
    """Some fields, of a customer or of a block."""

    kind: Kind
    name: str
    when: Said | None
    fields: tuple[Field, ...]
    dimensions: tuple[Field, ...]
    """What tells one block from another."""
    split: Said | None
    """Condition on which a block ended before release 0.4."""
    silence: int | None
    """Seconds without an event after which a block ends."""
    place: Place


@dataclass(frozen=True)
class Stream:
    """How events become blocks."""

    name: str
    imports: Mapping[str, str]
    """What each name that was imported is, such as `dateutil.parser.parse`."""
    identity: Said
    time: Said
    when: Said | None
    aggregates: tuple[Aggregate, ...]
    place: Place

    @property
    def blocks(self) -> Aggregate | None:
        """The aggregate of which there are many a customer; None where there is none."""
        found = [one for one in self.aggregates if one.kind in ("block", "activity")]
        return found[0] if found else None


@dataclass(frozen=True)
class Span:
    """A window before or after an anchor."""

    name: str
    unit: Literal["day", "hour", "count"]
    value: int
    """So many days, hours or blocks; negative before the anchor."""
    fields: tuple[Field, ...]
    place: Place


@dataclass(frozen=True)
class Windows:
    """What is worked out around which blocks."""

    name: str
    condition: Said
    most: int | None
    most_at: Place | None
    spans: tuple[Span, ...]
    place: Place
