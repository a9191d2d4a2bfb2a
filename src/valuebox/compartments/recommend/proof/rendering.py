"""A report as a page that needs nothing but a browser, and as a part of another page."""

from functools import cache
from typing import Any, Final

from jinja2 import Environment
from markupsafe import Markup

from valuebox.compartments.recommend.proof.drawing import of_looks, of_shares
from valuebox.compartments.recommend.proof.kpis import BY_NAME
from valuebox.compartments.recommend.proof.looks import SEQUENCE
from valuebox.compartments.recommend.proof.schemas import ProofReport, Verdict
from valuebox.compartments.recommend.proof.tables import (
    ARMS,
    MONTHS,
    arm_rows,
    judged_rows,
    month_rows,
    written,
)
from valuebox.pages import readable
from valuebox.pages.lifts import lifts
from valuebox.pages.rendering import digest, environment, style, text
from valuebox.statistics.rates import LEVEL

_STATUS: Final = {
    "better": "calm",
    "not worse": "calm",
    "open": "",
    "not proven": "watch",
    "no verdict": "shift",
    "worse": "shift",
    "clicked more": "calm",
    "clicked less": "watch",
}
_WIDEST: Final = 1.0
"""How far pictures of changes reach: 1 is 100 % more."""


def page(report: ProofReport) -> str:
    """The page of a report, which it also holds as JSON. It loads nothing, and runs nothing."""
    look = style() + text("file.css")
    return (
        _templates()
        .get_template("proof.html")
        .render(
            **_values(report),
            data=report.model_dump(mode="json"),
            style=look,
            digest=digest(look),
        )
    )


def section(report: ProofReport) -> Markup:
    """The same as cards, for a page that has the house's style."""
    return Markup(_templates().get_template("cards.html").render(**_values(report)))  # noqa: S704


@cache
def _templates() -> Environment:
    return environment(
        __package__ or "",
        signed=readable.change,
        changes=lambda ends: readable.interval(ends[0], ends[1], readable.change),
        shares=lambda ends: readable.interval(ends[0], ends[1], readable.percent),
    )


def _values(report: ProofReport) -> dict[str, Any]:
    return {
        "report": report,
        "arms": ARMS.known(arm_rows(report)),
        "arm_rows": arm_rows(report),
        "months": MONTHS.known(month_rows(report)),
        "month_rows": month_rows(report),
        "found": [_found(report, one) for one in report.verdicts],
        "caps": ", ".join(
            f"{'lists' if name == 'lists' else BY_NAME[name].label} {_cap(name, value)}"
            for name, value in report.caps.items()
        ),
        "level": LEVEL,
        "sequence": SEQUENCE,
        "primary": BY_NAME[report.experiment.primary].label,
        "shares": None if report.preference is None else of_shares(report.preference.looks),
    }


def _cap(name: str, value: float) -> str:
    return f"{value:g}" if name in ("lists", "views") else written(name, value)


def _found(report: ProofReport, one: Verdict) -> dict[str, Any]:
    return {
        "verdict": one,
        "status": _STATUS[one.kind],
        "picture": lifts(judged_rows(report, one.arm), _WIDEST),
        "looks": of_looks([look for look in report.looks if look.arm == one.arm]),
    }
