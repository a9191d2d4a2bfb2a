"""`valuebox growth predict`: a CSV of the customers who are likeliest to respond."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

import numpy as np
import typer

from valuebox.compartments.response.features import Cell
from valuebox.compartments.response.kind import NEWEST
from valuebox.errors import ValueboxError
from valuebox.facts.clock import moment
from valuebox.facts.reading import CustomerColumns
from valuebox.facts.windows import Floats, Positions, joined
from valuebox.pages.tables import Table, column
from valuebox_cli.response.asking import moment_of, stored_facts
from valuebox_cli.terminal.console import check_writable, err, exit_codes, out
from valuebox_cli.terminal.options import DatabaseUrl, Sources

if TYPE_CHECKING:
    from valuebox.compartments.response.model import Predictor

COLUMNS: Final = Table(
    "responses",
    (
        column("rank", "Rank", "count"),
        column("source", "Source", "text"),
        column("customer", "Customer", "text"),
        column("response", "Response", "text"),
        column("category", "Category", "text"),
        column("probability", "Probability", "percent"),
        column("likeliest_category", "Likeliest category", "text"),
        column("its_probability", "Its probability", "percent"),
    ),
)


class Row(NamedTuple):
    """A customer, and how likely the response is."""

    rank: int
    source: str
    customer: str
    response: str
    category: str | None
    probability: float
    likeliest_category: str | None
    """Category in which the customer responds likeliest; None where the model knows no category."""
    its_probability: float | None


def predict(
    file: Annotated[Path, typer.Option("--out", help="The CSV file to write.")],
    model: Annotated[
        str, typer.Argument(help="Tag of a model, or a name for its newest version.")
    ] = NEWEST,
    response: Annotated[
        str | None,
        typer.Option(
            help="Type of event that is the response.", show_default="the first one of the model"
        ),
    ] = None,
    category: Annotated[
        str | None, typer.Option(help="Category of the response.", show_default="any")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option("--at", help="Time at which the predicted period begins.", show_default="now"),
    ] = None,
    source: Sources = None,
    most: Annotated[int, typer.Option(min=1, help="How many customers to list.")] = 1_000,
    database_url: DatabaseUrl = None,
) -> None:
    """Write the customers who are likeliest to respond into a CSV file.

    Of all who had joined, or done something, before the month began. Texts that a spreadsheet
    would take for formulas begin with an apostrophe. Nothing is stored.
    """
    from valuebox.compartments.response.model import load

    with exit_codes():
        check_writable(file)
        start = moment_of(at) or datetime.now(UTC)
        asked = load(model)
        cell = _cell(asked, response, category)
        with err.status("predicting …"):
            facts = stored_facts(database_url, source, asked.category, start)
            begin = moment(start)
            chosen = np.flatnonzero(joined(facts, begin))
            chances = asked.predict(facts, begin, chosen)
            found = _ranked(asked, cell, facts.customers, chosen, chances, most)
        # As the csv module ends lines; Windows would end them twice.
        file.write_text(COLUMNS.csv(found), encoding="utf-8", newline="")
        out.print(
            f"{file}: {len(found):,} of {len(chosen):,} customers, by {asked.tag}", soft_wrap=True
        )


def _cell(model: "Predictor", response: str | None, category: str | None) -> Cell:
    encoder = model.encoder
    asked = Cell(encoder.responses[0] if response is None else response, category)
    if asked in model.cells:
        return asked
    if asked.response not in encoder.responses:
        wrong, known = f"response {asked.response!r}", encoder.responses
    else:
        wrong, known = f"category {category!r}", encoder.categories
    raise ValueboxError(f"{model.tag} knows no {wrong}, but {', '.join(known) or 'none'}")


def _ranked(
    model: "Predictor",
    cell: Cell,
    customers: CustomerColumns,
    chosen: Positions,
    chances: Floats,
    most: int,
) -> list[Row]:
    asked = model.cells.index(cell)
    inside = [
        place
        for place, one in enumerate(model.cells)
        if one.response == cell.response and one.category is not None
    ]
    rows = []
    for rank, row in enumerate(np.argsort(-chances[:, asked], kind="stable")[:most].tolist(), 1):
        who, said = int(chosen[row]), chances[row]
        best = max(inside, key=said.__getitem__, default=None)
        rows.append(
            Row(
                rank,
                customers.source.names[customers.source.codes[who]],
                customers.id[who],
                *cell,
                float(said[asked]),
                None if best is None else model.cells[best].category,
                None if best is None else float(said[best]),
            )
        )
    return rows
