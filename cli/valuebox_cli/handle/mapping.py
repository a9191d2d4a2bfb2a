"""What a mapping file says of a warehouse of matches: where its tables are, and its time zone."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from valuebox.errors import ValueboxError
from valuebox.files.mappings import checked, read_toml
from valuebox.schemas.moments import TimeZone
from valuebox_cli.handle.cleaning import NAMES, Clean, clean, usual_hours
from valuebox_cli.handle.columns import Written
from valuebox_cli.importing.columns.arrays import plain
from valuebox_cli.importing.columns.money import Separator
from valuebox_cli.importing.opened import Source
from valuebox_cli.importing.parts import Column, Part, Table

ZONE: Final = ZoneInfo("America/New_York")
"""Time zone of a warehouse of which nothing else is said."""


class Renamed(Table):
    """A table, and how its columns are called and written, where that is not as usual."""

    names: dict[Column, Column] = Field(default={})
    """Our name of a column, and its name in the table."""
    format: str | None = Field(default=None, min_length=1)
    """Format of moments; None where columns show it."""
    decimal: Separator | None = None
    """What stands before cents; None where columns show it."""


class HandleMapping(Part):
    """A whole mapping file."""

    timezone: TimeZone | None = None
    """Time zone of moments that come without one; None for what is usual."""
    events: Renamed = Renamed(table="events")
    users: Renamed = Renamed(table="users")
    wagers: Renamed = Renamed(table="wagers")

    @model_validator(mode="before")
    @classmethod
    def _called_as_usual(cls, given: Any) -> Any:
        """Tables that are not said to be called otherwise."""
        if not isinstance(given, dict):
            return given
        found = dict(given)
        for name in NAMES:
            said = given.get(name)
            if isinstance(said, dict) and not said.get("table") and not said.get("query"):
                found[name] = {**said, "table": name}
        return found

    @model_validator(mode="after")
    def _is_known(self) -> "HandleMapping":
        for name, known in NAMES.items():
            ours = {one for spellings in known for one in spellings}
            for one in getattr(self, name).names:
                if one not in ours:
                    raise PydanticCustomError(
                        "name",
                        "{table}.names: {one} is none of {ours}",
                        {"table": name, "one": one, "ours": ", ".join(sorted(ours))},
                    )
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of moments that come without one."""
        return ZoneInfo(self.timezone) if self.timezone else ZONE


def read_handle_mapping(path: Path | None, zone: ZoneInfo = ZONE) -> HandleMapping:
    """Read and check a mapping file; without one, tables are called as is usual.

    Args:
        path: The file; None for none.
        zone: Time zone of moments that come without one, where the mapping names none.

    Raises:
        BadMapping: naming everything that is wrong.
    """
    if path is None:
        return HandleMapping(timezone=zone.key)
    found = checked(path, HandleMapping, read_toml(path))
    return found.model_copy(update={"timezone": found.timezone or zone.key})


def read_source(
    source: Source,
    mapping: HandleMapping,
    known: Sequence[tuple[str, datetime]] = (),
    at: datetime | None = None,
) -> Clean:
    """All rows of a warehouse, made sense of.

    Args:
        source: The warehouse.
        mapping: What is called how.
        known: Slot of each match that is known, and when it begins.
        at: When the load began.

    Raises:
        ValueboxError: when a table or a column is not there or cannot be read.
    """
    tables = {name: getattr(mapping, name) for name in NAMES}
    events, users, wagers = (_frame(source, one) for one in tables.values())
    slots, kickoffs = zip(*known, strict=True) if known else ((), ())
    written = {name: Written(one.format, one.decimal) for name, one in tables.items()}
    usual = usual_hours(slots, kickoffs, mapping.zone)
    return clean(events, users, wagers, mapping.zone, usual, at, written)


def _frame(source: Source, table: Renamed) -> pd.DataFrame:
    with source.open(table) as opened:
        names = opened.names
        if missing := [one for one in table.names.values() if one not in names]:
            raise ValueboxError(f"{opened.called}: has no column {', '.join(missing)}")
        parts = [_as_frame(batch) for batch in opened.batches(names)]
    found = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=names)
    ours = [one for one in table.names if one not in table.names.values()]
    renamed = {theirs: ours for ours, theirs in table.names.items()}
    return found.drop(columns=ours, errors="ignore").rename(columns=renamed)


def _as_frame(batch: pa.RecordBatch) -> pd.DataFrame:
    columns = [plain(one) for one in batch.columns]
    found = pa.record_batch(columns, names=batch.schema.names)
    # As floats, long ids would not be told apart any more.
    frame: pd.DataFrame = found.to_pandas(integer_object_nulls=True)
    return frame
