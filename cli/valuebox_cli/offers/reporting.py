"""`valuebox offers report`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from valuebox.compartments.offers.report.report import OffersReport, report_of
from valuebox.facts.scanning import begin
from valuebox.pages.readable import count, figure, interval, percent
from valuebox_cli.response.asking import moment_of
from valuebox_cli.terminal.console import (
    check_writable,
    err,
    exit_codes,
    out,
    print_json,
    write_text,
)
from valuebox_cli.terminal.options import DatabaseUrl, Json, migrated_store
from valuebox_cli.terminal.tabular import print_table


def report(
    since: Annotated[
        str | None, typer.Option(help="Earliest moment of decisions.", show_default="all")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option("--at", help="Only decisions before this moment.", show_default="now"),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="Write a page of charts there, for a browser.")
    ] = None,
    as_json: Json = False,
    database_url: DatabaseUrl = None,
) -> None:
    """Tell what each policy brought by week beside random choices, and how far to believe it.

    Whether values come true, how likely choices were, and what trying others has cost. Of a
    decision it is known what came of it a day after its week.
    """
    with exit_codes():
        check_writable(html)
        moment = moment_of(at) or datetime.now(UTC)
        with (
            migrated_store(database_url) as store,
            err.status("reading …"),
            store.reading() as session,
        ):
            begin(session.connection())
            found = report_of(session, moment_of(since), moment)
        if html:
            from valuebox_cli.offers.page import render

            write_text(html, render(found))
        if as_json:
            print_json(found)
        else:
            _tell(found)
        if html and not as_json:
            out.print(f"{html}: the page", soft_wrap=True)


def _tell(found: OffersReport) -> None:
    print_table(
        f"{count(found.decisions)} decisions",
        ["policy", "week of", "decisions", "known", "own", "money", "lift", "from", "to"],
        [
            (
                one.policy,
                "all" if one.week is None else one.week.isoformat(),
                count(one.decisions),
                count(one.known),
                *map(figure, (one.own, one.money, one.lift, one.low, one.high)),
            )
            for one in found.policies
        ],
        caption="known: decisions whose week has passed; own: money of the offers' own purchases a "
        f"decision; money: of the week, up to {figure(found.cap)}; lift: above random choices; "
        "from, to: 90 % intervals that hold at all looks together",
    )
    if found.calibration:
        out.print()
        print_table(
            "whether values come true, by fifths of what was foretold",
            ["fifth", "decisions", "foretold", "came", "90 % interval"],
            [
                (
                    str(one.part),
                    count(one.decisions),
                    figure(one.foretold),
                    figure(one.came),
                    interval(one.low, one.high, figure),
                )
                for one in found.calibration
            ],
            caption="money of the offers' own purchases, a decision",
        )
    out.print()
    for line in _lines(found):
        out.print(line, soft_wrap=True, markup=False)


def _lines(found: OffersReport) -> list[str]:
    lines = []
    if (overlap := found.overlap) is not None:
        lines.append(
            f"overlap: the log says as much of random choices as {count(round(overlap.effective))} "
            f"of them would; one decision carries {percent(overlap.largest)} of the weight"
        )
    if (regret := found.regret) is not None:
        lines.append(
            f"regret: {percent(regret.regret)} of that of random choices, by the models' own "
            f"values: {figure(regret.best)} with the best, {figure(regret.served)} as served, "
            f"{figure(regret.random)} at random"
        )
    if (learning := found.learning) is not None:
        lines.append(
            f"{learning.model} decides since {learning.promoted_at:%Y-%m-%d %H:%M} UTC, "
            f"{count(learning.since)} decisions since"
        )
    return lines
