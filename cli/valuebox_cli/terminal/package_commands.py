"""Commands of other packages: entry points of the group `valuebox.commands`.

The name of an entry point is that of the command, its value leads to a `typer.Typer`. In a list of
commands the summary of the package stands for its help: it is read without importing anything.
"""

from functools import cache
from importlib.metadata import entry_points
from typing import Final

from valuebox.errors import ValueboxError
from valuebox_cli.terminal.places import Place

GROUP: Final = "valuebox.commands"


class NameTaken(ValueboxError):
    """A package has a command whose name is taken."""


@cache
def package_commands(ours: frozenset[str]) -> dict[str, Place]:
    """Where the commands of other packages are, by name.

    Args:
        ours: Names of our own commands, which no other may have.

    Raises:
        NameTaken: naming the package and the command.
    """
    found: dict[str, Place] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        if point.name in ours or point.name in found:
            package = point.dist.name if point.dist else point.module
            whose = "valuebox itself" if point.name in ours else found[point.name].module
            raise NameTaken(
                f"the package {package} has a command {point.name!r}, and so has {whose}: "
                f"uninstall it, or have it name the command otherwise"
            )
        summary = point.dist.metadata["Summary"] if point.dist else None
        found[point.name] = Place(point.module, point.attr, summary or f"Of {point.module}.")
    return found
