"""An evaluation as one HTML page that needs nothing but a browser."""

from typing import Final

from valuebox.pages import marks
from valuebox.pages.rendering import digest, environment, style, text
from valuebox.statistics.rates import LEVEL
from valuebox_cli.ltv.evaluate import EvaluationReport
from valuebox_cli.ltv.page import charts, tables

_PACKAGE: Final = __name__


def render(report: EvaluationReport) -> str:
    """The page: charts and tables of a report, which the page also holds as JSON.

    It loads nothing, and its content policy forbids it to: only its own script runs.

    Args:
        report: Of a file that has a target; amounts in its currency.

    Raises:
        ValueError: when nothing was judged.
    """
    judged = report.cohorts
    if judged is None:
        raise ValueError("without a target there is nothing to show")
    script = text("shown.js") + text("cohorts.js", _PACKAGE)
    look = style() + text("file.css") + text("evaluation.css", _PACKAGE)
    return (
        environment(_PACKAGE)
        .get_template("evaluation.html")
        .render(
            report=report,
            judged=judged,
            scores=judged.scores,
            data=report.model_dump(mode="json"),
            nominal=LEVEL,
            style=look,
            script=script,
            digests=[digest(script), digest(look)],
            tables=tables,
            marks=marks,
            deciles=charts.deciles(judged.scores.deciles),
            features=charts.features(report.contributions),
            values_of=charts.values_of,
        )
    )
