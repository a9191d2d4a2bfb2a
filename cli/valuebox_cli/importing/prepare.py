"""What an import is about to do: by the mapping it is one of tables, or one of raw events."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from valuebox.facts.raw.listing import raw_mappings, raw_reader
from valuebox.facts.raw.reading import RawReader
from valuebox.files.mappings import BadMapping, read_toml
from valuebox.settings import load_settings
from valuebox.store.engine import Store
from valuebox_cli.importing.mapping import mapping_of
from valuebox_cli.importing.opened import BadSource
from valuebox_cli.importing.raw import run_raw
from valuebox_cli.importing.raw_files import is_raw, raw_files
from valuebox_cli.importing.run import Imported, Progress, run
from valuebox_cli.importing.sources import open_source

Run = Callable[[str, Store, Progress], Imported]
"""Imports, given the name that facts are known to come from, into a database."""

_RAW: Final = "raw"


def prepared(source: str, mapping: Path, name: str | None) -> tuple[str, Run]:
    """The name of the source of the facts, and what imports them.

    Args:
        source: As it is named on the command line.
        mapping: A file, or the name of a mapping for raw events.
        name: Of the source of the facts, where it is given.

    Raises:
        ValueboxError: when the mapping cannot be used, or there is no such source.
    """
    if not mapping.exists() and mapping.suffix == "" and len(mapping.parts) == 1:
        return _raw(source, _named(mapping.name), name)
    content = read_toml(mapping)
    if _RAW in content:
        return _raw(source, raw_reader(mapping, content), name)
    if is_raw(Path(source)):
        raise BadSource(f"{source}: JSON holds raw events, and {mapping} has no [raw] for them")
    meaning, opened = mapping_of(mapping, content), open_source(source)
    return name or meaning.source or opened.name, partial(run, opened, meaning)


def _raw(source: str, reader: RawReader, name: str | None) -> tuple[str, Run]:
    return reader.source(name), partial(run_raw, raw_files(source), reader)


def _named(name: str) -> RawReader:
    known = raw_mappings(load_settings().mappings)
    if name not in known:
        raise BadMapping(
            f"{name}: there is no such file, and no such mapping for raw events: {', '.join(known)}"
        )
    return known[name]
