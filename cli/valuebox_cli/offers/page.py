"""What offers brought as one HTML page that needs nothing but a browser."""

from typing import Final

from valuebox.compartments.offers.report import tables
from valuebox.compartments.offers.report.report import OffersReport
from valuebox.compartments.offers.report.weeks import MODELS, RANDOM
from valuebox.pages.bars import lying
from valuebox.pages.readable import count, figure, percent
from valuebox.pages.rendering import digest, environment, style, text

_PACKAGE: Final = __package__ or ""


def render(report: OffersReport) -> str:
    """The page: pictures and tables of a report, which it also holds as JSON.

    It loads nothing, and its content policy forbids it to: only its own script runs.
    """
    script = text("shown.js")
    look = style() + text("file.css")
    whole = [one for one in report.policies if one.week is None]
    known = [one for one in whole if one.money is not None]
    return (
        environment(_PACKAGE)
        .get_template("report.html")
        .render(
            report=report,
            data=report.model_dump(mode="json"),
            style=look,
            script=script,
            digests=[digest(script), digest(look)],
            tables=tables,
            random=next((one for one in whole if one.policy == RANDOM), None),
            models=next((one for one in whole if one.policy == MODELS), None),
            policies=lying(
                [(one.policy, [one.money or 0.0]) for one in known],
                ["money a decision"],
                write=figure,
                more=[f"{count(one.known)} decisions" for one in known],
            ),
            fifths=lying(
                [
                    (f"{one.part}: {name}", [value])
                    for one in report.calibration
                    for name, value in (("foretold", one.foretold), ("came", one.came))
                ],
                ["own money a decision"],
                write=figure,
            ),
            propensities=lying(
                [
                    (f"{percent(one.low)} to {percent(one.high)}", [one.share])
                    for one in report.propensities
                ],
                ["of decisions"],
                write=percent,
            ),
        )
    )
