"""The command `valuebox growth report`."""

from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from valuebox.compartments.growth.schemas import CohortsBy, GrowthQuestion, Numbers
from valuebox_cli.growth import experiment as experimenting
from valuebox_cli.growth import uplift as uplifting
from valuebox_cli.growth import whom as asking_whom
from valuebox_cli.growth.asking import checked, named_amount
from valuebox_cli.growth.options import Currency, Discount, EventsBefore, Purchase, Weeks
from valuebox_cli.response import command as responding
from valuebox_cli.response import predict as predicting
from valuebox_cli.terminal.console import (
    check_writable,
    err,
    exit_codes,
    out,
    print_json,
    write_text,
)
from valuebox_cli.terminal.options import DatabaseUrl, Json, Sources, migrated_store

app = typer.Typer(help="Which campaigns and segments pay, and what changed.", no_args_is_help=True)

app.command()(responding.train)
app.command()(responding.evaluate)
app.command()(predicting.predict)
app.command()(experimenting.experiment)
app.command()(experimenting.plan)
app.command()(uplifting.uplift)
app.command()(asking_whom.whom)

_ASKED: GrowthQuestion = GrowthQuestion()


@app.callback()
def growth() -> None:
    """Which campaigns and segments pay, and what changed."""


@app.command()
def report(
    source: Sources = None,
    start: Annotated[
        str | None,
        typer.Option("--from", help="Only events from this time on, such as 2024-05-01."),
    ] = None,
    end: EventsBefore = None,
    baseline: Annotated[
        list[str] | None, typer.Option(help="Compare with customers of this source.")
    ] = None,
    baseline_start: Annotated[
        str | None, typer.Option("--baseline-from", help="Compare with events from this time on.")
    ] = None,
    baseline_end: Annotated[
        str | None, typer.Option("--baseline-to", help="Compare with events before this time.")
    ] = None,
    timezone: Annotated[
        str, typer.Option(help="Time zone whose days and months are meant, such as Europe/Berlin.")
    ] = _ASKED.timezone,
    by: Annotated[
        str,
        typer.Option(
            help="Attribute of customers that groups them. `campaign:name` says that its numbers "
            "are names, `age:ranges` that they are measurements."
        ),
    ] = _ASKED.attribute,
    category: Annotated[
        str, typer.Option(help="Property of events with the category of what they were about.")
    ] = _ASKED.category,
    purchase: Purchase = _ASKED.purchase,
    response: Annotated[
        list[str] | None,
        typer.Option(
            help="Type of event whose lift is looked at; several times for several.",
            show_default=", ".join(_ASKED.responses),
        ),
    ] = None,
    price: Annotated[
        float | None,
        typer.Option(
            help="Amount that every purchase brings.", show_default="the amounts in the data"
        ),
    ] = None,
    refund: Annotated[
        list[str] | None,
        typer.Option(
            help="Type of event that takes money back; several times for several.",
            show_default="types that say so, such as refunded",
        ),
    ] = None,
    margin: Annotated[
        float | None, typer.Option(help="Share of the revenue that is left after costs.")
    ] = None,
    cost: Annotated[float | None, typer.Option(help="Amount that every purchase costs.")] = None,
    cost_property: Annotated[
        str | None, typer.Option(help="Property of events with the cost of each purchase.")
    ] = None,
    currency: Currency = None,
    spend: Annotated[
        list[str] | None,
        typer.Option(
            help="Advertising cost of a group, such as TW=120; several times for several."
        ),
    ] = None,
    cohorts: Annotated[
        CohortsBy,
        typer.Option(
            help="Whether a cohort is the customers who joined, or who first bought, in a month."
        ),
    ] = _ASKED.cohorts,
    churn_days: Annotated[
        int, typer.Option(help="Days without an event after which a customer has churned.")
    ] = _ASKED.churn_days,
    weeks: Weeks = _ASKED.weeks,
    discount: Discount = _ASKED.discount,
    cancellation: Annotated[
        str | None, typer.Option(help="Type of event with which a subscription ends.")
    ] = None,
    subscription: Annotated[
        str | None,
        typer.Option(
            help="Type of event with which a subscription begins.", show_default="joining"
        ),
    ] = None,
    renewal_days: Annotated[
        int, typer.Option(help="Days after which a subscription is renewed.")
    ] = _ASKED.renewal_days,
    users_source: Annotated[
        str | None,
        typer.Option(help="The source whose customers are users that `ltv` has predicted."),
    ] = None,
    top: Annotated[int, typer.Option(help="How many customers and segments to list.")] = _ASKED.top,
    html: Annotated[
        Path | None, typer.Option(help="Write a page of charts there, for a browser.")
    ] = None,
    as_json: Json = False,
    database_url: DatabaseUrl = None,
) -> None:
    """Report on users, campaigns and events, straight from the database.

    Who there is and what they do, what they bring, who stays, what a customer is worth, what
    changed since a baseline, and where to put the advertising money. A baseline is another source,
    another period, or both.
    """
    # SciPy takes a while to import, and hardly anything else needs it.
    from valuebox.compartments.growth.building import report as make
    from valuebox_cli.growth.telling import tell

    with exit_codes():
        check_writable(html)
        asked = {
            "sources": source or None,
            "start": start,
            "end": end,
            "timezone": timezone,
            "cohorts": cohorts,
            "baseline": _baseline(baseline, baseline_start, baseline_end),
            **_grouped_by(by),
            "category": category,
            "purchase": purchase,
            "responses": response or _ASKED.responses,
            "price": price,
            "refunds": refund or None,
            "margin": margin,
            "cost": cost,
            "cost_property": cost_property,
            "currency": currency,
            "spend": dict(named_amount("--spend", one, "TW=120") for one in spend or []),
            "churn_days": churn_days,
            "weeks": weeks,
            "discount": discount,
            "cancellation": cancellation,
            "subscription": subscription,
            "renewal_days": renewal_days,
            "users_source": users_source,
            "top": top,
        }
        question = checked(GrowthQuestion, asked)
        with migrated_store(database_url) as store, err.status("reading …"):
            made = make(store, question)
        if html:
            from valuebox_cli.growth.page import render

            write_text(html, render(made))
        if as_json:
            print_json(made)
        else:
            tell(made)
        if html and not as_json:
            out.print(f"{html}: the page", soft_wrap=True)


def _grouped_by(by: str) -> dict[str, Any]:
    name, sign, kind = by.rpartition(":")
    if sign and kind in get_args(Numbers):
        return {"attribute": name, "attribute_is": kind}
    return {"attribute": by}


def _baseline(
    sources: list[str] | None, start: str | None, end: str | None
) -> dict[str, Any] | None:
    if not (sources or start or end):
        return None
    return {"sources": sources or None, "start": start, "end": end}
