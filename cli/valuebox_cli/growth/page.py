"""A report as one HTML page that needs nothing but a browser."""

from importlib.resources import files

from valuebox import readable
from valuebox.dashboard.rendering import digest, environment, style
from valuebox.growth.dealing import FEWEST
from valuebox.growth.rates import LEVEL
from valuebox.growth.report import GrowthReport
from valuebox_cli.growth import charts, tables

_PACKAGE = __package__ or ""


def render(report: GrowthReport) -> str:
    """The page: pictures and tables of a report, which it also holds as JSON.

    It loads nothing, and its content policy forbids it to: only its own script runs.
    """
    script, look = _text("growth.js"), style() + _text("growth.css")
    types = [one.name for one in report.types]
    compared = report.comparison
    in_all = [one for one in compared.lifts if one.segment is None] if compared else []
    by_segment = [one for one in compared.lifts if one.segment is not None] if compared else []
    return (
        environment(_PACKAGE, signed=readable.change)
        .get_template("growth.html")
        .render(
            report=report,
            data=report.model_dump(mode="json"),
            style=look,
            script=script,
            digests=[digest(script), digest(look)],
            level=LEVEL,
            tables=tables,
            users=charts.histogram(report.users, "customers"),
            events=charts.histogram(report.events_per_customer.histogram, "customers"),
            types=types,
            groups=charts.by_group(report.actions, types),
            categories={
                name: charts.by_category(
                    [one for one in report.actions if name in ("", one.group)], types
                )
                for name in ["", *(one.name for one in report.users)]
            },
            lifts=charts.lifts(in_all),
            segment_lifts=charts.lifts(by_segment),
            curves=[charts.gain(one) for one in compared.curves] if compared else [],
            heat=charts.heat,
            warmest=_warmest(report),
        )
    )


def _warmest(report: GrowthReport) -> float:
    """The highest rate of a cohort that is large enough for one to mean something."""
    cohorts = report.retention.cohorts if report.retention else []
    return max((max(one.rates) for one in cohorts if one.customers >= FEWEST), default=1.0)


def _text(file: str) -> str:
    return (files(_PACKAGE) / "templates" / file).read_text(encoding="utf-8")
