"""`valuebox recommend report`: what it prints."""

from valuebox.compartments.recommend.proof.kpis import BY_NAME
from valuebox.compartments.recommend.proof.schemas import ProofReport
from valuebox.compartments.recommend.proof.tables import arm_rows, judged_rows, month_rows, written
from valuebox.pages.readable import NOTHING, change, count, interval, percent
from valuebox_cli.terminal.console import err, out
from valuebox_cli.terminal.tabular import print_table


def tell(report: ProofReport) -> None:
    """Print verdicts, the figures that they rest on, arms and months.

    What an interleaved experiment rests on is in the details of its verdict.
    """
    for one in report.verdicts:
        if one.kind == "no verdict":
            err.print(one.headline, style="red", soft_wrap=True)
        else:
            out.print(one.headline, soft_wrap=True)
        if report.preference is None:
            _tell_figures(report, one.arm)
        for said in one.details:
            out.print(said, soft_wrap=True)
        out.print()
    print_table(
        "Arms",
        ["arm", "sessions", "meant", "machines", "lists", "clicked", "inferred"],
        [
            (
                one.name,
                count(one.sessions),
                NOTHING if one.meant is None else f"{one.meant:,.0f}",
                count(one.robots),
                count(one.lists),
                count(one.clicked),
                count(one.inferred),
            )
            for one in report.arms
        ],
        caption="machines: sessions that are left out; inferred: of clicked lists, those that "
        "nobody tells of",
    )
    if report.several_arms:
        out.print(f"left out: {count(report.several_arms)} sessions that met several arms")
    told = [kpi for kpi in BY_NAME if any(kpi in row.figures for row in arm_rows(report))]
    if months := month_rows(report):
        print_table(
            "By month",
            ["month and arm", "sessions", *(BY_NAME[kpi].label for kpi in told)],
            [
                (
                    f"{row.month} {row.arm}",
                    count(row.sessions),
                    *(written(kpi, row.figures.get(kpi)) for kpi in told),
                )
                for row in months
            ],
        )


def _tell_figures(report: ProofReport, arm: str) -> None:
    print_table(
        f"{arm} beside {report.experiment.control}",
        ["figure", "control", "arm", "change", "90 %", "at all looks", "margin", "state"],
        [
            (
                row.label,
                row.control,
                row.each,
                change(row.lift),
                interval(row.lower, row.upper, change),
                interval(row.always_lower, row.always_upper, change),
                percent(row.may),
                row.state,
            )
            for row in judged_rows(report, arm)
        ],
        texts=(0, 7),
    )
