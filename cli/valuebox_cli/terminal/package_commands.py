"""Commands of other packages: entry points of the group `valuebox.commands`.

The name of an entry point is that of the command, its value leads to a `typer.Typer`. In a list of
commands the summary of the package stands for its help: it is read without importing anything.
"""

from functools import cache
from importlib.metadata import entry_points
from typing import Final

from valuebox_cli.terminal.places import Place

GROUP: Final = "valuebox.commands"


@cache
def package_commands() -> dict[str, Place]:
    """Where the commands of other packages are, by name."""
    found = {}
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        summary = point.dist.metadata["Summary"] if point.dist else None
        found[point.name] = Place(point.module, point.attr, summary or f"Of {point.module}.")
    return found
