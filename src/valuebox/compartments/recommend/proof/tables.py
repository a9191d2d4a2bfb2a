"""Tables of a report: its arms, its verdicts and its months, as pages show them and as CSV."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from valuebox.compartments.recommend.proof.kpis import BY_NAME, KPIS, Kpi, Unit
from valuebox.compartments.recommend.proof.months import MonthFigure
from valuebox.compartments.recommend.proof.schemas import Judged, ProofReport
from valuebox.pages import readable
from valuebox.pages.readable import NOTHING
from valuebox.pages.tables import Column, Kind, Table, column

_KINDS: Final[dict[Unit, Kind]] = {
    "share": "share",
    "number": "figure",
    "seconds": "whole",
    "amount": "figure",
}


@dataclass(frozen=True)
class ArmRow:
    """Figures of an arm, in all or in a month."""

    arm: str
    sessions: int
    figures: dict[str, float]
    """By name, those that are told."""
    month: str = ""
    meant: int | None = None
    robots: int = 0
    inferred: float | None = None
    """Share of clicked lists of which nobody tells."""


@dataclass(frozen=True)
class JudgedRow:
    """A figure of an arm beside the control's, as people read it."""

    arm: str
    kpi: str
    label: str
    control: str
    each: str
    lift: float | None
    lower: float | None
    """Ends of the interval of a single look."""
    upper: float | None
    always_lower: float | None
    always_upper: float | None
    no_interval: str | None
    may: float
    """What the figure may lose, as a share of the control's."""
    state: str
    since: date | None
    status: str
    """How much of a warning the state is: calm, watch or shift; empty for none."""


def _figure(kpi: Kpi) -> Column:
    # Numbers of a column have no unit of their own.
    label = kpi.label.replace("time", "seconds").capitalize()
    return Column(kpi.name, label, _KINDS[kpi.unit], lambda row: row.figures.get(kpi.name))


_FIGURES: Final = tuple(map(_figure, KPIS))
ARMS: Final = Table(
    "arms",
    (
        column("arm", "Arm", "text"),
        column("sessions", "Sessions", "count"),
        column("meant", "Meant", "count"),
        column("robots", "Machines left out", "count"),
        *_FIGURES,
        column("inferred", "Clicks inferred", "percent"),
    ),
)
MONTHS: Final = Table(
    "months",
    (
        column("month", "Month", "text"),
        column("arm", "Arm", "text"),
        column("sessions", "Sessions", "count"),
        *_FIGURES,
    ),
)
VERDICTS: Final = Table(
    "verdicts",
    (
        column("arm", "Arm", "text"),
        column("kpi", "Figure", "text"),
        column("change", "Change", "index", "lift"),
        column("lower", "from", "index"),
        column("upper", "to", "index"),
        column("always_lower", "Always from", "index"),
        column("always_upper", "to", "index"),
        column("margin", "Margin", "percent", "may"),
        column("state", "State", "text"),
        Column("since", "Since", "text", lambda row: row.since and row.since.isoformat()),
    ),
)


def written(kpi: str, value: float | None) -> str:
    """A figure as people read it: 4.5 %, 6.21, 3 min 20 s."""
    if value is None:
        return NOTHING
    unit = BY_NAME[kpi].unit
    if unit == "share":
        return readable.percent(value, decimals=1)
    if unit == "seconds":
        minutes, seconds = divmod(round(value), 60)
        return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
    return readable.figure(value)


def arm_rows(report: ProofReport) -> list[ArmRow]:
    """A row for each arm."""
    return [
        ArmRow(
            one.name,
            one.sessions,
            {
                told.kpi: told.value
                for told in report.figures
                if told.arm == one.name and told.value is not None
            },
            meant=None if one.meant is None else round(one.meant),
            robots=one.robots,
            inferred=one.inferred / one.clicked if one.clicked else None,
        )
        for one in report.arms
    ]


def month_rows(report: ProofReport) -> list[ArmRow]:
    """A row for each month and arm, the newest month first."""
    return rows_by_month(report.months)


def rows_by_month(months: Sequence[MonthFigure]) -> list[ArmRow]:
    """A row for each month and arm, the newest month first."""
    rows: dict[tuple[str, str], ArmRow] = {}
    for one in months:
        row = rows.setdefault(
            (one.month, one.arm), ArmRow(one.arm, one.sessions, {}, month=one.month)
        )
        row.figures[one.kpi] = one.value
    # Arms keep their order within a month.
    return sorted(rows.values(), key=lambda row: row.month, reverse=True)


def judged_rows(report: ProofReport, arm: str | None = None) -> list[JudgedRow]:
    """A row for each figure of an arm; of every arm where none is named."""
    told = {(one.arm, one.kpi): one for one in report.figures}
    control = report.experiment.control
    return [
        JudgedRow(
            arm=one.arm,
            kpi=one.kpi,
            label=BY_NAME[one.kpi].label,
            control=written(one.kpi, told[control, one.kpi].value),
            each=written(one.kpi, told[one.arm, one.kpi].value),
            lift=one.change,
            lower=one.lower,
            upper=one.upper,
            always_lower=one.always_lower,
            always_upper=one.always_upper,
            no_interval=None if one.lower is not None else "too little is known",
            may=one.margin,
            state=one.state,
            since=one.since,
            status=_status(one),
        )
        for one in report.judged
        if arm in (None, one.arm)
    ]


def _status(one: Judged) -> str:
    return {
        "better": "calm",
        "not worse": "calm",
        "worse": "watch",
        "worse beyond its margin": "shift",
    }.get(one.state, "")


def rows_of(report: ProofReport) -> dict[str, Sequence[ArmRow] | Sequence[JudgedRow]]:
    """Rows of each table, by its name."""
    return {
        ARMS.name: arm_rows(report),
        VERDICTS.name: judged_rows(report),
        MONTHS.name: month_rows(report),
    }
