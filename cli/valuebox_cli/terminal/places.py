"""In which module a command is, and its help, so that it can be listed without being imported."""

from typing import NamedTuple


class Place(NamedTuple):
    """Where a command is, and its help."""

    module: str
    name: str
    """Name of a function, or of a `typer.Typer` with commands of its own."""
    help: str
    """The first paragraph of the command's own help."""
