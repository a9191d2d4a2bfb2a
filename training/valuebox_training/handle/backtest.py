"""What forecasts of past weeks would have been, by recipes learned from what was known before."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from valuebox.compartments.handle.book import Book
from valuebox.compartments.handle.recipe import Recipe
from valuebox.compartments.handle.scoring import Judged
from valuebox_training.handle.learning import Past, handles, learn, made_at, past_weeks
from valuebox_training.handle.train import LEAST, TooLittle, judged
from valuebox_training.sharing import each

if TYPE_CHECKING:
    from distributed import Client


def backtest(
    book: Book, weeks: int, recipe: Recipe | None = None, client: "Client | None" = None
) -> tuple[Judged, pd.DataFrame]:
    """Forecast past weeks as of four moments of each, and judge them by what came true.

    Args:
        book: All that had been loaded by the moment that counts; see `Book.up_to`.
        weeks: How many.
        recipe: What forecasts are made by; None to learn anew before each week, from what was
            known then.
        client: Of a Dask cluster that looks back at a week each; None does so here.

    Returns:
        The forecasts as they are judged, and the same with the matches that they are of.

    Raises:
        TooLittle: when there is nothing to judge.
    """
    with threadpool_limits(1):
        shared = book, handles(book), weeks, recipe
        by_week = each(client, _made, past_weeks(book, weeks), *shared)
        made = [one for week in by_week for one in week]
    if not made:
        raise TooLittle(f"no past week could be looked back at: it takes {LEAST} earlier matches")
    found = judged(None, made)
    asked = [(one.at, match) for one in made for match in one.forecast.asked]
    rows = pd.DataFrame(
        {
            "as_of": [at for at, _ in asked],
            "match": [one.id for _, one in asked],
            "home_team": [one.home for _, one in asked],
            "away_team": [one.away for _, one in asked],
            "kickoff": [one.kickoff for _, one in asked],
            "lead": found.lead,
            "forecast": found.forecast,
            "lower": found.lower,
            "upper": found.upper,
            "actual": found.actual,
            **found.beside,
        }
    )
    return found, rows


def _made(
    book: Book,
    actual: Mapping[str, float],
    weeks: int,
    given: Recipe | None,
    part: tuple[int, list[np.datetime64]],
) -> list[Past]:
    week, moments = part
    with threadpool_limits(1):
        recipe = given
        if recipe is None:
            # Before the first load there are no versions: what one would have brought then.
            before = book.up_to(moments[0]) if moments[0] >= book.begins else book.at(moments[0])
            if len(handles(before)) < LEAST:
                return []
            recipe = learn(before, weeks)
        made = [made_at(recipe, book, at, week, actual) for at in moments]
    return [one for one in made if one is not None]
