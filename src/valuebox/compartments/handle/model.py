"""The model of handle: what is known in, forecasts out; no HTTP and no SQL.

What is saved is a recipe. It is applied to whatever is known at a moment, so that every load is
learned from at once, and a forecast of a past moment is made again to the last bit.
"""

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from valuebox.compartments.handle.book import DAY, HOUR, NEVER, Bets, Book, Matches, Users, keys
from valuebox.compartments.handle.forecasting import Fitted
from valuebox.compartments.handle.recipe import Recipe
from valuebox.features.bins import Reference
from valuebox.models.plain import PlainModel

if TYPE_CHECKING:
    from valuebox.statistics.arrays import Floats

NEWEST: Final = "handle"
TRAINED_BY: Final = "valuebox handle train"


class HandleModel(PlainModel):
    """A recipe, and what it was learned from."""

    kind = "handle"
    trained_by = TRAINED_BY

    recipe: Recipe
    reference: Reference
    """Matches that are over, by what is known of them, and past forecasts of them."""
    common: float
    """Deviation of the error that all matches of a month have in common, as a share."""
    moves: dict[str, float] = Field(default={})
    """By how much weeks are off together, in logarithms: by class of leads, and `bets` so far."""
    mean_handle: float
    """Mean handle of the matches that it was learned from."""
    metadata: dict[str, Any] = Field(default={})
    """What people are told of it: from what it was learned, and how it did."""

    def golden(self) -> NDArray[np.float64]:
        """What the model says of two matches of a made-up book."""
        book = _made_up()
        said = Fitted(self.recipe, book).forecast(book.fixtures(slice(-2, None)))
        # Logarithms: amounts differ by processor in digits that nobody looks at.
        found: Floats = np.log(np.concatenate([said.mean, said.lower + 1, said.upper]))
        return found


def _made_up() -> Book:
    """Three dozen matches of four teams, a bet every few hours before each."""
    count, start = 36, np.datetime64("2020-01-01T18:00:00", "s")
    number = np.arange(count)
    kickoff = start + number * 2 * DAY
    teams = np.array(["A", "B", "C", "D"], dtype=object)
    loaded = np.full(count, start - 400 * DAY)
    names = np.array([f"m{one}" for one in number], dtype=object)
    places = np.array(["North", "South", "", "North"], dtype=object)
    matches = Matches(
        *(loaded, np.full(count, NEVER), names, np.full(count, 2020), number // 4 + 1),
        *(teams[number % 4], teams[(number + 1 + number // 4 % 3) % 4], places[number % 4]),
        *(places[(number + 1) % 4], np.array(["late", "early"], dtype=object)[number % 2], kickoff),
    )
    registered = start - 200 * DAY + np.arange(50) * 5 * DAY
    users = Users(
        *(registered, np.full(50, NEVER), keys(["North", "South"] * 25), registered),
        np.arange(10.0, 60.0),
    )
    lead = np.arange(2, 80, 6)
    match = np.repeat(number, len(lead))
    placed = kickoff[match] - np.tile(lead, count) * HOUR
    amount = 100.0 * (1 + match % 5) / np.tile(lead, count)
    # Of the last two matches only the first bets are known.
    known = placed < kickoff[-2] - 24 * HOUR
    key, when, own = (one[known] for one in (keys(names)[match], placed, amount))
    bets = Bets(
        loaded_at=when,
        replaced_at=np.full(len(when), NEVER),
        match=key,
        placed=when,
        amount=own,
        gross=own,
        count=np.full(len(when), 4.0),
        squares=own**2 / 3,
    )
    return Book(matches, users, bets)
