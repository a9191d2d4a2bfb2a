"""`valuebox growth whom`: a CSV of the buyers whom to ask first."""

from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from valuebox.compartments.growth.schemas import GrowthQuestion
from valuebox.errors import ValueboxError
from valuebox.pages.tables import Table, column
from valuebox_cli.growth.asking import checked
from valuebox_cli.growth.options import Currency, Discount, EventsBefore, Purchase, Weeks
from valuebox_cli.terminal.console import check_writable, err, exit_codes, out
from valuebox_cli.terminal.options import DatabaseUrl, Sources, migrated_store

COLUMNS: Final = Table(
    "whom",
    (
        column("rank", "Rank", "count"),
        column("source", "Source", "text"),
        column("customer", "Customer", "text"),
        column("group", "Group", "text"),
        column("value", "Value to come", "figure"),
        column("value_lower", "from", "figure"),
        column("value_upper", "to", "figure"),
        column("left", "Has left", "percent"),
        column("days", "Days since", "figure"),
        column("purchase_days", "Days bought", "count"),
        column("spent", "Spent", "figure"),
        column("segment", "Segment", "text"),
        column("reason", "Reason", "text"),
    ),
)


def whom(
    file: Annotated[Path, typer.Option("--out", help="The CSV file to write.")],
    by: Annotated[
        Literal["value", "loss"],
        typer.Option(
            help="List by what buyers will bring, or by what is lost with buyers who have left."
        ),
    ] = "value",
    source: Sources = None,
    attribute: Annotated[
        str, typer.Option("--by-attribute", help="Attribute of customers that groups them.")
    ] = "campaign",
    purchase: Purchase = "bought",
    end: EventsBefore = None,
    currency: Currency = None,
    weeks: Weeks = 52,
    discount: Discount = 0.0,
    most: Annotated[int, typer.Option(min=1, max=20_000, help="How many buyers to list.")] = 1_000,
    database_url: DatabaseUrl = None,
) -> None:
    """Write the buyers whom to ask first into a CSV file, each with the reason.

    Texts that a spreadsheet would take for formulas begin with an apostrophe.
    """
    from valuebox.compartments.growth.loaded.facts import load
    from valuebox.compartments.growth.loaded.money import money_of
    from valuebox.compartments.growth.loaded.observed import end_of
    from valuebox.compartments.growth.value.bgnbd import NoFit
    from valuebox.compartments.growth.value.probabilistic import buyers
    from valuebox.compartments.growth.value.ranking import ranked

    with exit_codes():
        check_writable(file)
        question = checked(
            GrowthQuestion,
            {
                "sources": source or None,
                "attribute": attribute,
                "purchase": purchase,
                "end": end,
                "currency": currency,
                "weeks": weeks,
                "discount": discount,
            },
        )
        with migrated_store(database_url) as store, err.status("reading …"):
            facts = load(store, question).facts
        until = end_of(facts, question.end, question.zone)
        if until is None:
            raise ValueboxError("there are no events")
        money = money_of(facts, question)
        try:
            those = buyers(facts, money, until)
            found = ranked(facts, money, those, question, until, by, most)
        except NoFit as error:
            raise ValueboxError(str(error)) from None
        # As the csv module ends lines; Windows would end them twice.
        file.write_text(COLUMNS.csv(found), encoding="utf-8", newline="")
        out.print(f"{file}: {len(found):,} of {len(those.known):,} buyers", soft_wrap=True)
