"""How the command speaks: tables and figures to stdout, everything else to stderr."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer
from pydantic import BaseModel
from rich import box
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
from rich.table import Table
from rich.text import Text

from valuebox.errors import ValueboxError
from valuebox.pages.readable import escaped, json_escaped
from valuebox.statistics.cohorts import CohortReport
from valuebox.statistics.scores import UserScores
from valuebox_cli.terminal.speaker import Speaker, hush

if TYPE_CHECKING:
    from valuebox_training.ltv.search import Trial

OK: Final = 0
FAILED: Final = 1
BAD_INPUT: Final = 2
UNKNOWN: Final = 3
"""Exit code where nothing can be said, which is not the same as nothing to say."""
INTERRUPTED: Final = 130

out = Speaker(highlight=False, markup=False)
err = Speaker(stderr=True, highlight=False, markup=False)


class Interrupted(ValueboxError):
    """Somebody pressed Ctrl-C; the message says how to go on."""


class Unreachable(ValueboxError):
    """The service or the database did not do its part; the input may be fine."""


@contextmanager
def exit_codes() -> Iterator[None]:
    """Turn expected failures into one clear message and the exit code that scripts expect."""
    try:
        yield
    except Interrupted as error:
        _fail(error, INTERRUPTED)
    except Unreachable as error:
        _fail(error, FAILED)
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


def print_report(report: CohortReport) -> None:
    """The table of cohort errors, then all users in a line."""
    print_errors(
        report,
        ("error", "base"),
        "base: training means by segment and STV; floor: about what chance leaves; "
        "in: percent of cohorts whose mean lies in its interval, 90 is meant",
    )
    if report.day.inside is not None and report.month.inside is not None:
        out.print(
            f"means in their interval: {report.day.inside:.0%} of days, "
            f"{report.month.inside:.0%} of months"
        )
    print_scores(f"user by user, {report.users:,} of them", report.scores)


def print_errors(report: CohortReport, judged: tuple[str, str], caption: str) -> None:
    """The table of cohort errors, one row per segment, averages last.

    Args:
        report: The errors of the prediction and of the baseline.
        judged: What these two are called.
        caption: What the columns mean.
    """
    table = Table(
        title="Mean absolute error of the cohort mean, by join day and by join month",
        caption=caption,
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        show_edge=False,
        padding=(0, 1, 0, 0),
    )
    table.add_column("segment")
    period = (*judged, "floor", "in")
    for heading in ("users", "days", *period, "mon.", *period):
        table.add_column(heading, justify="right", no_wrap=True)
    for day, month in zip(report.day.segments, report.month.segments, strict=True):
        table.add_row(
            day.country_segment,
            f"{day.users:,}",
            str(day.cohorts),
            *_figures(day.error, day.baseline_error, day.noise_floor),
            _share(day.inside),
            str(month.cohorts),
            *_figures(month.error, month.baseline_error, month.noise_floor),
            _share(month.inside),
        )
    table.add_section()
    periods = (report.day, report.month)
    for name, average in (("equally", "macro"), ("by users", "weighted")):
        figures = [
            _figures(
                getattr(period, average),
                getattr(period, f"{average}_baseline"),
                getattr(period, f"{average}_floor"),
            )
            for period in periods
        ]
        table.add_row(name, "", "", *figures[0], "", "", *figures[1], "")
    out.print(table)


def print_scores(title: str, scores: UserScores) -> None:
    """How single users are predicted, in a line."""
    named = {
        "mean absolute error": scores.mae,
        "bias": scores.bias,
        "R²": scores.r2,
        "Gini": scores.gini,
        "Spearman": scores.spearman,
        "decile MAPE": scores.decile_mape,
    }
    figures_of_users = (f"{name} {value:.3f}" for name, value in named.items() if value is not None)
    out.print(f"{title}: {', '.join(figures_of_users)}")


def _figures(*values: float) -> list[str]:
    # As wide as the column: small data have large errors, of which less is certain.
    return [f"{value:.3f}" if value < 10 else f"{value:.2f}" for value in values]


def _share(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.0f}"
