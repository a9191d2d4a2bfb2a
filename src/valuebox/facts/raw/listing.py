"""Mappings by name: those that are shipped, and those of a folder of the site's own."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from valuebox.facts.raw.mapping import RawMapping
from valuebox.facts.raw.reading import RawReader
from valuebox.files.mappings import BadMapping, checked, read_toml

SHIPPED: Final = Path(__file__).with_name("mappings")
ENDING: Final = ".toml"


def raw_reader(path: Path, content: dict[str, Any]) -> RawReader:
    """The reader of a mapping file, called as the file.

    Args:
        path: Of the file.
        content: As `read_toml` reads it.

    Raises:
        BadMapping: naming everything that is wrong.
    """
    return RawReader(path.stem, checked(path, RawMapping, content))


def raw_mappings(folder: str) -> Mapping[str, RawReader]:
    """All mappings for raw events, by name.

    Args:
        folder: With those of the site's own; empty where there is none.

    Raises:
        BadMapping: when one of them cannot be used, two have the same name, or there is no folder.
    """
    files = sorted(SHIPPED.glob(f"*{ENDING}"))
    if folder:
        own = Path(folder)
        if not own.is_dir():
            raise BadMapping(f"{own}: there is no such folder of mappings")
        files += sorted(own.glob(f"*{ENDING}"))
    found: dict[str, RawReader] = {}
    for file in files:
        if file.stem in found:
            raise BadMapping(f"{file}: a mapping called {file.stem} is shipped; call it otherwise")
        found[file.stem] = raw_reader(file, read_toml(file))
    return found
