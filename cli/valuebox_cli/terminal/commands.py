"""The list of all commands; each is imported when it is run, so that help waits for no model."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException

from valuebox.pages.readable import escaped
from valuebox_cli.terminal.package_commands import NameTaken, package_commands
from valuebox_cli.terminal.places import Place
from valuebox_cli.terminal.speaker import speak_anywhere

COMMANDS: Final = {
    "train": Place(
        "valuebox_cli.ltv.command",
        "train",
        "Learn from a file of users, judge on later ones, save into the BentoML model store.",
    ),
    "evaluate": Place(
        "valuebox_cli.ltv.command",
        "evaluate",
        "Send a file of users to the service and judge its predictions by cohort.",
    ),
    "score": Place(
        "valuebox_cli.ltv.score",
        "score",
        "Predict every user of a file, on all cores, without a server and without storing rows.",
    ),
    "predictions": Place(
        "valuebox_cli.ltv.lookup",
        "predictions",
        "Look up stored predictions, newest first, as CSV.",
    ),
    "monitor": Place(
        "valuebox_cli.admin.monitor",
        "monitor",
        "Check stored predictions for drift, straight on the database; for a daily job.",
    ),
    "models": Place(
        "valuebox_cli.admin.models", "app", "Look at the models in the store, and compare two."
    ),
    "simulate": Place(
        "valuebox_cli.ltv.command",
        "simulate",
        "Generate users of an imaginary subscription site, to try everything on.",
    ),
    "demo": Place(
        "valuebox_cli.demo.command",
        "demo",
        "Train, serve on a throw-away SQLite file, evaluate over HTTP, show the result, stop.",
    ),
    "new": Place("valuebox_cli.new.command", "app", "Begin a package of your own."),
    "import": Place(
        "valuebox_cli.importing.command",
        "import_facts",
        "Import customers and events, straight into the database.",
    ),
    "growth": Place(
        "valuebox_cli.growth.command", "app", "Which campaigns and segments pay, and what changed."
    ),
    "handle": Place(
        "valuebox_cli.handle.command", "app", "Foretell what will be wagered on matches."
    ),
    "offers": Place(
        "valuebox_cli.offers.command",
        "app",
        "Learn which offer to show to whom, from every answer.",
    ),
    "recommend": Place(
        "valuebox_cli.recommend.command",
        "app",
        "Recommend what anonymous visitors of a shop should see next.",
    ),
    "features": Place(
        "valuebox_cli.features.command",
        "app",
        "Make features of raw events, as of the moment of each decision.",
    ),
    "users": Place(
        "valuebox_cli.admin.users", "app", "Hand out or delete what is stored of people."
    ),
    "keys": Place("valuebox_cli.admin.keys", "app", "Hand out and revoke API keys."),
    "backup": Place(
        "valuebox_cli.admin.backup",
        "backup",
        "Write the whole database and every model into a folder, beside a service that writes on.",
    ),
    "restore": Place(
        "valuebox_cli.admin.backup",
        "restore",
        "Fill an empty database with a backup, of SQLite or PostgreSQL alike, and add its models.",
    ),
    "db": Place(
        "valuebox_cli.admin.database", "app", "Administer the database, without the service."
    ),
}


@contextmanager
def _shown() -> Iterator[None]:
    """Have a terminal shown, and not obey, the arguments that complaints of them quote."""
    try:
        yield
    except TyperException as error:
        error.message = escaped(error.message, kept="\n")
        raise


class LazyGroup(TyperGroup):
    """The commands of `COMMANDS`, which may be run in any terminal."""

    _is_listing = False

    def main(self, *arguments: Any, **options: Any) -> Any:
        """Run a command; see `TyperGroup.main`."""
        speak_anywhere()
        try:
            _others()
        except NameTaken as error:
            # Whichever command was meant: it would not be clear which one is run.
            sys.exit(_refused(error))
        return super().main(*arguments, **options)

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        """Read what stands before a command; see `TyperGroup.make_context`."""
        with _shown():
            return super().make_context(*arguments, **options)

    def invoke(self, ctx: Any) -> Any:
        """Read what stands behind a command, and run it; see `TyperGroup.invoke`."""
        with _shown():
            return super().invoke(ctx)

    def list_commands(self, ctx: Any) -> list[str]:
        """Names of all commands."""
        return [*COMMANDS, *_others()]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A command by its name; while help is printed, only what is said of the command."""
        place = _place(cmd_name)
        if place is None:
            return None
        if self._is_listing:
            return TyperCommand(cmd_name, help=place.help, rich_markup_mode="markdown")
        return load(cmd_name)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print what there is, without importing any of it."""
        self._is_listing = True
        try:
            super().format_help(ctx, formatter)
        finally:
            self._is_listing = False


def _place(name: str) -> Place | None:
    """Where a command is: one of ours, or of another package, which may not take our names."""
    return {**_others(), **COMMANDS}.get(name)


def _others() -> dict[str, Place]:
    return package_commands(frozenset(COMMANDS))


def _refused(error: NameTaken) -> int:
    from valuebox_cli.terminal.console import BAD_INPUT, err

    err.print(f"error: {error}", style="red", soft_wrap=True)
    return BAD_INPUT


def load(name: str) -> Any:
    """Import a command."""
    place = _place(name)
    if place is None:
        raise LookupError(name)
    found = getattr(import_module(place.module), place.name)
    if not isinstance(found, typer.Typer):
        single = typer.Typer(rich_markup_mode="markdown", pretty_exceptions_show_locals=False)
        single.command(name)(found)
        found = single
    command = typer.main.get_command(found)
    command.name = name
    return command
