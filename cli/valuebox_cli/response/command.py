"""`valuebox growth train` and `valuebox growth evaluate`: the response model."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import numpy as np
import typer

from valuebox.compartments.response.kind import NEWEST
from valuebox.facts.clock import moment
from valuebox.facts.reading import FactColumns
from valuebox_cli.cluster import Dask, cluster
from valuebox_cli.response.asking import moment_of, stored_facts
from valuebox_cli.terminal.console import check_writable, err, exit_codes, out, write_text
from valuebox_cli.terminal.options import DatabaseUrl, Sources
from valuebox_cli.terminal.tabular import print_table

if TYPE_CHECKING:
    from valuebox.compartments.response.ranker import Way

RESPONSES: Final = ("bought", "like", "share")
_WAYS: "Final[dict[Way, str]]" = {
    "baseline": "base",
    "logistic": "logit",
    "trees": "trees",
    "both": "mean",
}


def train(
    source: Sources = None,
    until: Annotated[
        str | None,
        typer.Option(help="Learn from events before this time.", show_default="the last event"),
    ] = None,
    response: Annotated[
        list[str] | None,
        typer.Option(
            help="Type of event to predict; several times for several.",
            show_default=", ".join(RESPONSES),
        ),
    ] = None,
    category: Annotated[
        str, typer.Option(help="Property of events with the category of what they were about.")
    ] = "category",
    days: Annotated[int, typer.Option(min=1, max=366, help="How many days ahead to predict.")] = 30,
    model: Annotated[str, typer.Option(help="Name of the model in the model store.")] = NEWEST,
    dask: Dask = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Learn who will buy, like or share, by category, and save into the BentoML model store.

    Looks back at one month after the other: customers as they were at its start, and what they
    did within it; whoever did not respond counts as not responding. Prints how a model that knew
    nothing of the last month would have done in it. `bentoml serve` answers with the newest one.
    """
    from valuebox_training.response.train import train as learn

    with exit_codes():
        end = moment_of(until)
        asked = response or RESPONSES
        with cluster(dask) as client, err.status("learning …"):
            facts = stored_facts(database_url, source, category, end)
            trained = learn(facts, asked, category, days, end, model, client=client)
        if trained.validation:
            _tell(trained.validation)
        out.print(
            f"learned from {trained.customers:,} customers in {trained.rounds} rounds of {days} "
            f"days, saved as {trained.tag}"
        )


def evaluate(
    model: Annotated[
        str, typer.Argument(help="Tag of a model, or a name for its newest version.")
    ] = NEWEST,
    against: Annotated[
        str | None,
        typer.Option(
            help="Tag or name of another model to compare with, such as an older version."
        ),
    ] = None,
    source: Sources = None,
    start: Annotated[
        str | None,
        typer.Option(
            "--from",
            help="Time at which the judged period begins.",
            show_default="a month from the end",
        ),
    ] = None,
    months: Annotated[
        int,
        typer.Option(
            min=1, max=24, help="Of how many past months to say what was expected and what came."
        ),
    ] = 3,
    report: Annotated[
        Path | None, typer.Option(help="Write all figures and curves there, as JSON.")
    ] = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Have a model predict customers as they were a month ago, and see who responded.

    Prints AUC, lift and Brier score beside a logistic regression on recency and counts of the
    last 30, 90 and 365 days, and beside another model. Whoever has not responded by the end of
    the month counts as not responding. Months that a model has learned from are refused, other
    campaigns are not. Nothing is stored.
    """
    from valuebox.compartments.response.judging import check_unseen, has_seen, judge
    from valuebox.compartments.response.model import ResponseModel, load
    from valuebox.compartments.response.months import past

    with exit_codes():
        check_writable(report)
        begin = moment_of(start)
        judged, older = ResponseModel.load(model), load(against) if against else None
        with err.status("reading …"):
            facts = stored_facts(database_url, source, judged.category, None)
            at = moment(begin) if begin else _last_month(facts, judged.days)
            for one in (judged, older):
                if one is not None:
                    check_unseen(one, facts.customers.source.names, at)
            month = np.timedelta64(judged.days, "D")
            earlier = [at - back * month for back in range(1, months)]
            unseen = [
                one for one in earlier if not has_seen(judged, facts.customers.source.names, one)
            ]
            before = past([judged] * len(unseen), facts, unseen)
            found = judge(judged, facts, at, older, before)
        if report:
            write_text(report, found.model_dump_json(indent=2) + "\n")
        _tell(found)
        out.print(f"model: {judged.tag}" + (f", older: {older.tag}" if older else ""))


def _last_month(facts: FactColumns, days: int) -> np.datetime64:
    last: Any = facts.events.time.max()
    found: np.datetime64 = last + np.timedelta64(1, "us") - np.timedelta64(days, "D")
    return found


def _tell(found: Any) -> None:
    headings = [
        *("response", "by", "did", "expected", "AUC", "base", "lift", "base", "Brier", "base", "p"),
        *(("older", "p") if found.older else ()),
    ]
    rows = []
    for one in found.responses:
        if one.model is None or one.baseline is None:
            continue
        base = one.baseline
        row = [
            one.response if one.category is None else f"· {one.category}",
            _WAYS[one.way],
            f"{one.responders:,}",
            _expected(one),
            *(f"{curve.auc:.3f}" for curve in (one.model, base.curve)),
            *(f"{curve.points[0].lift:.2f}" for curve in (one.model, base.curve)),
            *(f"{brier:.4f}".lstrip("0") for brier in (one.brier, base.brier)),
            f"{base.p_adjusted:.3f}",
        ]
        if found.older:
            older = one.older
            row += [f"{older.curve.points[0].lift:.2f}", f"{older.p_adjusted:.3f}"] if older else [
                "", ""
            ]  # fmt: skip
        rows.append(row)
    print_table(
        f"{found.customers:,} customers, {found.start:%Y-%m-%d} to {found.end:%Y-%m-%d}",
        headings,
        rows,
        caption="by: the mean of a logistic regression and trees, one of them, or the base; "
        "expected: between so many in 9 of 10 months; lift: of the tenth with the best scores; "
        "base: a logistic regression on recency and counts; Brier: smaller is better; "
        "p: of no difference in gain over the whole curve",
    )
    if len(found.months) > 1:
        print_table(
            "Expected and came, by month",
            ["month", "response", "came", "expected"],
            [
                (f"{month.start:%Y-%m-%d}", one.response, f"{one.responders:,}", _expected(one))
                for month in reversed(found.months)
                for one in month.responses
            ],
        )


def _expected(one: Any) -> str:
    return f"{one.expected_lower:,.0f}-{one.expected_upper:,.0f}"
