"""What is known of a player at a decision, as a declaration of features says."""

from functools import cache
from importlib.resources import files
from typing import Final

from valuebox.features.declared.declaration import Declaration
from valuebox.features.declared.reading import declaration_of

_FILE: Final = "offers.toml"


@cache
def declared() -> Declaration:
    """The declaration of what is known of a player, read when it is first asked for."""
    return declaration_of((files(__package__) / _FILE).read_text(encoding="utf-8"), _FILE)


@cache
def named() -> str:
    """Name, version and hash of the declaration, as decisions keep them."""
    one = declared()
    return f"{one.name}:{one.version}:{one.hash}"
