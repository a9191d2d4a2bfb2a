"""How the command speaks: tables and figures to stdout, everything else to stderr."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer
from pydantic import BaseModel
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from valuebox.errors import ValueboxError
from valuebox.pages.readable import escaped, json_escaped
from valuebox_cli.terminal.speaker import Speaker, hush

if TYPE_CHECKING:
    from valuebox_training.ltv.search import Trial

OK: Final = 0
FAILED: Final = 1
BAD_INPUT: Final = 2
UNKNOWN: Final = 3
"""Exit code where nothing can be said, which is not the same as nothing to say."""
WORSE: Final = 4
"""Exit code where what was made is worse than what there is, and was therefore not kept."""
INTERRUPTED: Final = 130

out = Speaker(highlight=False, markup=False)
"""Prints to stdout what was asked for."""
err = Speaker(stderr=True, highlight=False, markup=False)
"""Prints everything else to stderr."""


class Interrupted(ValueboxError):
    """Ctrl-C was pressed; the message says how to go on."""


class Unreachable(ValueboxError):
    """The service or the database did not do its part; the input may be fine."""


class Worse(ValueboxError):
    """What was made is worse than what there is, and was therefore not kept."""


@contextmanager
def exit_codes() -> Iterator[None]:
    """Turn expected failures into one clear message and the exit code that scripts expect."""
    try:
        yield
    except Interrupted as error:
        _fail(error, INTERRUPTED)
    except Unreachable as error:
        _fail(error, FAILED)
    except Worse as error:
        _fail(error, WORSE)
    except ValueboxError as error:
        _fail(error, BAD_INPUT)
    except BrokenPipeError:
        # Whoever reads has had enough.
        raise
    except OSError as error:
        # The disk is full, most likely the one that the output goes to.
        hush()
        where = f"{error.filename}: " if error.filename else ""
        _fail(ValueboxError(f"{where}{error.strerror or error}"), FAILED)
    except KeyboardInterrupt:
        _fail(ValueboxError("interrupted"), INTERRUPTED)


def _fail(error: ValueboxError, code: int) -> None:
    first, *others = map(str, error.args) if error.args else ("",)
    for line in (f"error: {first}", *others):
        err.print(line, style="red", soft_wrap=True)
    raise typer.Exit(code)


def check_writable(file: Path | None) -> None:
    """Refuse an output file that cannot be written, before the work rather than after it.

    A file that was not there is not there afterwards: the work may be refused for other reasons.

    Raises:
        ValueboxError: naming the file.
    """
    if file:
        is_new = not os.path.lexists(file)
        with writing(file):
            file.open("a").close()
            if is_new:
                file.unlink()


@contextmanager
def writing(file: Path) -> Iterator[None]:
    """Say in one line what is in the way of writing a file.

    Raises:
        ValueboxError: naming the file.
    """
    try:
        yield
    except OSError as error:
        raise ValueboxError(f"{file}: cannot be written: {error.strerror or error}") from None


def write_text(file: Path, text: str) -> None:
    """Write a text file, in UTF-8 wherever this runs.

    Raises:
        ValueboxError: naming the file, when it cannot be written.
    """
    with writing(file):
        file.write_text(text, encoding="utf-8")


def warn(told: Iterable[str]) -> None:
    """Print what is strange and does not stop anything, a line for each."""
    for line in told:
        err.print("warning:", line, style="yellow", soft_wrap=True)


def print_json(model: BaseModel) -> None:
    """A report as JSON, for programs; a terminal, too, may be shown it."""
    typer.echo(json_escaped(model.model_dump_json(indent=2)))


class _Description(ProgressColumn):
    """What is being read, such as a file."""

    def render(self, task: Task) -> Text:
        """The description as text, escaped: there may be anything in the name of a file."""
        return Text(escaped(task.description))


def progress(unit: str) -> Progress:
    """A progress bar that disappears when done and keeps quiet where nobody watches."""
    return Progress(
        _Description(),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(compact=True),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    )


def print_trial(trial: "Trial") -> None:
    """What was tried and how well it did, in a line."""
    changed = ", ".join(f"{name} {value}" for name, value in trial.changed.items())
    out.print(f"mean squared error {trial.loss:.5f}: {changed or 'as usual'}")
