"""What a mapping file says of a warehouse of matches: where its tables are, and its time zone."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pandas as pd
from pydantic import Field

from valuebox.files.mappings import checked, read_toml
from valuebox.schemas.moments import TimeZone
from valuebox_cli.handle.cleaning import Clean, clean, usual_hours
from valuebox_cli.importing.opened import Source
from valuebox_cli.importing.parts import Column, Part, Table

ZONE: Final = "America/New_York"


class Renamed(Table):
    """A table, and what its columns are called that we know by another name."""

    names: dict[Column, Column] = Field(default={})
    """Our name of a column, and its name in the table."""


class HandleMapping(Part):
    """A whole mapping file."""

    timezone: TimeZone = ZONE
    """Time zone of moments that come without one."""
    events: Renamed = Renamed(table="events")
    users: Renamed = Renamed(table="users")
    wagers: Renamed = Renamed(table="wagers")


def read_handle_mapping(path: Path | None) -> HandleMapping:
    """Read and check a mapping file; without one, tables are called as is usual.

    Raises:
        BadMapping: naming everything that is wrong.
    """
    if path is None:
        return HandleMapping()
    return checked(path, HandleMapping, read_toml(path))


def read_source(
    source: Source, mapping: HandleMapping, known: Sequence[tuple[str, datetime]] = ()
) -> Clean:
    """All rows of a warehouse, made sense of.

    Args:
        source: The warehouse.
        mapping: What is called how.
        known: Slot of each match that is known, and when it begins.

    Raises:
        ValueboxError: when a table is not there or cannot be read.
    """
    tables = (mapping.events, mapping.users, mapping.wagers)
    events, users, wagers = (_frame(source, one) for one in tables)
    zone = ZoneInfo(mapping.timezone)
    slots, kickoffs = zip(*known, strict=True) if known else ((), ())
    return clean(events, users, wagers, zone, usual_hours(slots, kickoffs, zone))


def _frame(source: Source, table: Renamed) -> pd.DataFrame:
    with source.open(table) as opened:
        parts = [batch.to_pandas() for batch in opened.batches(opened.names)]
        names = opened.names
    found = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=names)
    return found.rename(columns={theirs: ours for ours, theirs in table.names.items()})
