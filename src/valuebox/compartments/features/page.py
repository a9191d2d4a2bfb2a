"""The page of features, as the dashboard knows it: what was answered lately, column by column."""

from typing import Annotated, Any, Final

from pydantic import Field
from sqlalchemy.orm import Session

from valuebox.compartments.contract import Look, Page
from valuebox.compartments.features.lately import (
    MOST,
    Lately,
    answers_lately,
    bins_of,
    columns_lately,
    declarations_lately,
)
from valuebox.pages.tables import Table, column
from valuebox.schemas.values import Model
from valuebox.statistics.psi import SHIFT, WATCH

DECLARATIONS: Final = Table(
    "declarations",
    (
        column("name", "Declaration", "text"),
        column("version", "Version", "count"),
        column("answers", "Answers", "count"),
        column("first", "First of them (UTC)", "moment"),
        column("last", "Last (UTC)", "moment"),
        column("alone", "Without events", "share"),
        column("age", "Hours since the newest event, half below", "figure"),
    ),
)
COLUMNS: Final = Table(
    "columns",
    (
        column("column", "Feature", "text"),
        column("missing", "Missing", "share"),
        column("mean", "Mean", "figure"),
        column("low", "1 in 10 below", "figure"),
        column("middle", "Half below", "figure"),
        column("high", "9 in 10 below", "figure"),
        column("frequent", "Most frequent", "text"),
        column("psi", "PSI of late", "index"),
        column("chance", "Chance", "index"),
        column("table_missing", "Missing in the table", "share"),
        column("table_psi", "PSI to the table", "index"),
        column("table_chance", "Chance", "index"),
    ),
)


class FeaturesPageQuestion(Model):
    """Which declaration to show."""

    declaration: Annotated[str, Field(min_length=1, max_length=63)] | None = Field(
        default=None, description="Its name; without, the one that was asked for most."
    )
    version: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="Its version; without, the one that was asked for most."
    )


def look(session: Session, asked: FeaturesPageQuestion, _model: Any, least: int) -> Look:
    """What was answered lately; see `Page`."""
    answers = answers_lately(session)
    known = declarations_lately(answers)
    shown = _chosen(known, asked)
    columns, table = [], None
    if shown is not None:
        of_shown = [
            one for one in answers if (one.name, one.version) == (shown.name, shown.version)
        ]
        table = bins_of(session, shown.name, shown.version, of_shown[0].hash)
        columns = columns_lately([one.answer for one in of_shown], least, table)
    return Look(
        rows={"declarations": known, "columns": columns},
        values={
            "shown": shown,
            "known": known,
            "most": MOST,
            "moved": [one for one in columns if one.moved > WATCH],
            "table": table,
            "shift": SHIFT,
        },
    )


def _chosen(known: list[Lately], asked: FeaturesPageQuestion) -> Lately | None:
    """The version that is asked for, or else the one with the most answers."""
    fits = [
        one
        for one in known
        if asked.declaration in (None, one.name) and asked.version in (None, one.version)
    ]
    return next(iter(fits), None)


PAGE: Final = Page(
    title="Features",
    package=__package__ or "",
    asks=FeaturesPageQuestion,
    tables=(DECLARATIONS, COLUMNS),
    look=look,
)
