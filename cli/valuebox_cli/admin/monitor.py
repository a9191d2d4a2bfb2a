"""`valuebox monitor`: whether somebody has to look at the predictions of late."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Annotated, Final

import typer

from valuebox.compartments.register import watched
from valuebox.errors import ValueboxError
from valuebox.predictions.monitoring import keeping
from valuebox.predictions.monitoring.checks import NothingToMonitor
from valuebox.predictions.monitoring.results import (
    Drifted,
    Figure,
    Finding,
    Matured,
    MonitorResult,
    Thresholds,
)
from valuebox.predictions.monitoring.watched import Watched
from valuebox.predictions.sums.folding import Folding
from valuebox.settings import load_settings
from valuebox_cli.terminal.console import (
    FAILED,
    UNKNOWN,
    check_writable,
    err,
    exit_codes,
    out,
    write_text,
)
from valuebox_cli.terminal.options import DatabaseUrl, migrated_store
from valuebox_cli.terminal.tabular import print_table

_DEFAULTS: Final = Thresholds()
_COHORTS: Final = 15


def monitor(
    compartment: Annotated[
        str | None,
        typer.Option(
            help="Compartment whose predictions to look at, such as ltv or response.",
            show_default="every one that has any",
        ),
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="First day to look at: of joining, for users; of what was asked, for customers.",
            show_default="the last 30 days with any",
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="Tag of the model to look at.", show_default="the one that predicted most users"
        ),
    ] = None,
    max_psi: Annotated[
        float, typer.Option(help="Population stability index of a feature, or of the predictions.")
    ] = _DEFAULTS.psi,
    max_missing: Annotated[
        float,
        typer.Option(help="Share of users without a value, beyond that of the training users."),
    ] = _DEFAULTS.missing,
    max_unseen: Annotated[
        float, typer.Option(help="Share of users with a value that the model does not know.")
    ] = _DEFAULTS.unseen,
    max_error: Annotated[
        float, typer.Option(help="Error of matured cohort means, as a share of the actual mean.")
    ] = _DEFAULTS.error,
    max_lag: Annotated[
        int, typer.Option(help="Days between the last matured day and the last one.")
    ] = _DEFAULTS.lag,
    report: Annotated[
        Path | None,
        typer.Option(
            help="Write the figures there, as JSON; those of a second compartment beside it, with "
            "its name before the ending."
        ),
    ] = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Check stored predictions for drift, straight on the database; for a daily job.

    Compares the users who joined of late, or the customers who were asked about, with those that
    the model was trained on, and the means of cohorts whose outcome is known with what was
    predicted. Prints both, stores the result, which the service tells Prometheus, and exits with 1
    when a figure is beyond its threshold and chance does not explain it, with 3 when none is but
    drift is not known: nothing is stored yet, there are too few rows, or nothing to compare them
    with. Rows of the last minute are not counted yet.
    """
    with exit_codes():
        check_writable(report)
        thresholds = _thresholds(max_psi, max_missing, max_unseen, max_error, max_lag)
        looked_at = _watched(compartment)
        first, least = since.date() if since else None, load_settings().least_users
        with migrated_store(database_url, "the result was not stored") as store:
            found: list[tuple[Watched, MonitorResult]] = []
            nothing: list[NothingToMonitor] = []
            for one in looked_at:
                if one.ledger is not None:
                    with err.status("adding up …"):
                        Folding(store, one.ledger).fold(Event(), patient=True)
                try:
                    with store.reading() as session:
                        result = one.look(session, thresholds, first, model, least)
                        found.append((one, result))
                except NothingToMonitor as error:
                    nothing.append(error)
            if not found:
                if since or model:
                    raise nothing[0]
                out.print(f"drift is unknown: {nothing[0]}", style="yellow", soft_wrap=True)
                raise typer.Exit(UNKNOWN)
            with store.writing() as session:
                for one, result in found:
                    keeping.keep(session, one.results, result)
        for place, (one, result) in enumerate(found):
            if report:
                beside = report.with_stem(f"{report.stem}-{one.name}") if place else report
                write_text(beside, result.model_dump_json(indent=2) + "\n")
            if place:
                out.print()
            _print(one, result)
        if any(result.crossed for _, result in found):
            raise typer.Exit(FAILED)
        if any(result.is_drift_unknown for _, result in found):
            raise typer.Exit(UNKNOWN)


def _watched(compartment: str | None) -> list[Watched]:
    known = {one.name: one for one in watched()}
    if compartment is None:
        return list(known.values())
    if compartment not in known:
        raise ValueboxError(f"--compartment takes one of {', '.join(known)}")
    return [known[compartment]]


def _thresholds(psi: float, missing: float, unseen: float, error: float, lag: int) -> Thresholds:
    given = {"psi": psi, "missing": missing, "unseen": unseen, "error": error, "lag": lag}
    for name in ("psi", "error"):
        if not 0 < given[name] < float("inf"):
            raise ValueboxError(f"--max-{name} takes a number greater than 0")
    for name in ("missing", "unseen"):
        if not 0 <= given[name] <= 1:
            raise ValueboxError(f"--max-{name} takes a share, from 0 to 1")
    if lag < 0:
        raise ValueboxError("--max-lag takes a number of days")
    return Thresholds.model_validate(given)


def _print(looked_at: Watched, result: MonitorResult) -> None:
    if result.drift is not None:
        _print_drift(looked_at, result.drift)
        out.print()
    if result.matured is not None:
        _print_matured(looked_at, result.matured)
        out.print(f"outcomes lag {result.label_lag_days} days behind the last day")
    elif result.label_lag_days is not None:
        out.print(f"matured cohorts: none yet, after {result.label_lag_days} days")
    if result.figures:
        _print_figures(result.figures)
    if evidence := [one for one in result.findings if one.check == "evidence"]:
        _print_evidence(evidence)
    for one in result.crossed:
        out.print(_said(one), style="red", soft_wrap=True)
    for unknown in result.unknown:
        about = {
            "psi": "drift",
            "error": "error of matured cohort means",
            "evidence": "evidence of change",
        }[unknown.check]
        out.print(f"{about} is unknown: {unknown.why}", style="yellow", soft_wrap=True)
    if not result.crossed:
        known = ", of what is known" if result.unknown else ""
        out.print(f"nothing is beyond its threshold{known}")


def _print_drift(looked_at: Watched, drift: Drifted) -> None:
    print_table(
        f"{drift.rows:,} rows of {looked_at.dated} from {drift.first} to {drift.last}, "
        f"beside those that {drift.model} was trained on",
        ["feature", "PSI", "chance", "missing", "in training", "unseen"],
        [
            (
                one.feature,
                f"{one.psi:.3f}",
                f"{one.chance:.3f}",
                *(f"{share:.1%}" for share in (one.missing, one.missing_expected, one.unseen)),
            )
            for one in drift.features
        ],
        caption="PSI: population stability index; chance: what chance alone exceeds once in 1,000 "
        "times",
    )


def _print_matured(looked_at: Watched, matured: Matured) -> None:
    print_table(
        f"{matured.users:,} {looked_at.dated} from {matured.first} to {matured.last} and have "
        f"an outcome, predicted by {matured.model}",
        ["segment", "month", "rows", "actual", "predicted", "error", "floor", "in"],
        [
            (
                one.segment,
                one.month,
                f"{one.users:,}",
                f"{one.actual:.3f}",
                f"{one.predicted:.3f}",
                f"{abs(one.actual - one.predicted):.3f}",
                f"{one.floor:.3f}",
                {True: "yes", False: "no", None: ""}[one.is_inside],
            )
            for one in matured.segments[:_COHORTS]
        ],
        caption="floor: about the error that chance leaves; in: whether the mean lies in its "
        "interval",
    )
    inside = "" if matured.inside is None else f", {matured.inside:.0%} in their interval"
    share = f" ({matured.error / abs(matured.actual):.1%} of it)" if matured.actual else ""
    out.print(
        f"mean {matured.actual:.3f}, error of cohorts by users {matured.error:.3f}{share}, "
        f"of which chance leaves {matured.floor:.3f}{inside}"
    )


def _print_figures(figures: Sequence[Figure]) -> None:
    """A column for each segment, a row for each figure that several segments have."""
    segments = list(dict.fromkeys(one.segment for one in figures))
    values = {(one.name, one.segment): one.value for one in figures}
    names = list(dict.fromkeys(one.name for one in figures))
    print_table(
        "",
        ["figure", *segments],
        [(name, *(_figure(values.get((name, segment))) for segment in segments)) for name in names],
    )
    out.print()


def _figure(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value == int(value) and abs(value) >= 2 else f"{value:.3f}"


def _print_evidence(evidence: Sequence[Finding]) -> None:
    print_table(
        "",
        ["test", "evidence", "limit"],
        [(one.feature or "", f"{one.value:.2f}", f"{one.limit:.2f}") for one in evidence],
        caption="evidence: how much speaks for a change; limit: what chance alone hardly ever "
        "exceeds",
    )
    out.print()


def _said(one: Finding) -> str:
    """A figure that is beyond its threshold, in a line."""
    about = f" of {one.feature}" if one.feature else ""
    if one.check == "lag":
        return f"beyond its threshold: label lag of {one.value:.0f} days, more than {one.limit:.0f}"
    if one.check == "evidence":
        return f"beyond its limit: evidence{about} {one.value:.2f}, more than {one.limit:.2f}"
    if one.check == "psi":
        return f"beyond its threshold: PSI{about} {one.value:.3f}, more than {one.limit:g}"
    name = {
        "missing": f"values{about} missing beyond training",
        "unseen": f"unseen values{about}",
        "error": "error of matured cohort means",
    }[one.check]
    return f"beyond its threshold: {name} {one.value:.1%}, more than {one.limit:.1%}"
