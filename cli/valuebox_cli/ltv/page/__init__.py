"""An evaluation as one HTML page that needs nothing but a browser."""

from base64 import b64encode
from hashlib import sha256
from importlib.resources import files

from plotly.offline import get_plotlyjs

from valuebox.compartments.ltv.uncertainty import NOMINAL
from valuebox.pages.rendering import environment
from valuebox_cli.ltv.evaluate import EvaluationReport


def render(report: EvaluationReport) -> str:
    """The page: charts and tables of a report, which it holds as JSON.

    It loads nothing, and its content policy forbids it to: only its own scripts run, which are
    known by their digests.

    Args:
        report: Of a file that has a target; amounts in its currency.
    """
    scripts = [get_plotlyjs(), _text("charts.js")]
    return (
        environment(__name__, figure=_figure, percent=_percent)
        .get_template("page.html")
        .render(
            report=report,
            data=report.model_dump(mode="json"),
            nominal=NOMINAL,
            style=_text("style.css"),
            scripts=scripts,
            digests=[_digest(script) for script in scripts],
        )
    )


def _text(file: str) -> str:
    return (files(__name__) / "templates" / file).read_text(encoding="utf-8")


def _digest(script: str) -> str:
    return f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"


def _figure(value: float | None) -> str:
    return "—" if value is None else f"{value:,.3f}"


def _percent(value: float | None) -> str:
    return "—" if value is None else f"{100 * value:.0f} %"
