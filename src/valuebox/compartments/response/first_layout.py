"""Response models of the first layout, as older versions have saved them: loaded, never made.

One booster had a row for each cell of a customer, and added to the usual log-odds of the cell. Its
features are made as they were then: this module is left alone when those of today change.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.response.features import Cell, Encoder, Matrix
from valuebox.facts.reading import FactColumns
from valuebox.facts.windows import Floats, Positions, positions
from valuebox.models import boosters, registry

_BOOSTER: Final = "booster.ubj"
_RECENT: Final = 30.0
"""Days before the moment that were looked at for themselves."""
_DAY: Final = np.timedelta64(1, "D")
_OF_CELLS: Final = 8
"""Columns of the response, of the category and of both: how often, how lately."""


@dataclass(frozen=True)
class FirstLayout:
    """A model of the first layout; it knows neither a baseline nor how far months differ."""

    encoder: Encoder
    booster: "boosters.xgb.Booster"
    usual: NDArray[np.float32]
    """Log-odds of each cell among all customers, which the trees start from: `(n_cells,)`."""
    days: int
    category: str
    tag: str
    created_at: datetime
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def cells(self) -> list[Cell]:
        """What is predicted of each customer."""
        return self.encoder.cells

    @property
    def reference(self) -> None:
        """Nothing that customers of today could be compared with."""
        return None

    def predict(self, facts: FactColumns, at: np.datetime64, chosen: Positions) -> Floats:
        """How likely customers are to respond; see `ResponseModel.predict`."""
        if not len(chosen):
            return np.zeros((0, len(self.cells)))
        shape = (len(chosen), len(self.encoder.responses), 1 + len(self.encoder.categories))
        matrix = _matrix(self.encoder, facts, at, chosen)
        margin = np.tile(self.usual, len(chosen))
        found = self.booster.inplace_predict(matrix, base_margin=margin)
        chances: Floats = found.astype(np.float64).reshape(shape)
        chances[:, :, 0] = chances.max(axis=2)
        return chances.reshape(len(chosen), -1)

    @classmethod
    def read(cls, artifact: registry.Artifact, encoder: Encoder, rest: dict[str, Any]) -> Self:
        """Put together what was saved."""
        booster = boosters.booster_of(artifact.read(_BOOSTER))
        return cls(
            encoder,
            booster,
            np.array(rest["usual"], dtype=np.float32),
            int(rest["days"]),
            str(rest["category"]),
            artifact.tag,
            artifact.created_at,
            artifact.metadata,
        )


class _Done(NamedTuple):
    """Events of chosen customers before the moment; all arrays are `(n_events,)`."""

    who: Positions
    """Position among the chosen customers."""
    type: Positions
    """Position among the named types; -1 for another one."""
    category: Positions
    """Position among the named categories; -1 for another one, or none."""
    days: Floats
    """Days from the event to the moment."""


class _Seen(NamedTuple):
    """How often and how lately customers did each of several things: `(n_customers, n_things)`."""

    times: Floats
    recent: Floats
    days: Floats
    """Days since the last time; NaN where there was none."""


def _matrix(encoder: Encoder, facts: FactColumns, at: np.datetime64, chosen: Positions) -> Matrix:
    """The matrix, `(n_chosen * n_cells, n_columns)`: the cells of a customer stand together."""
    before, n = _done(encoder, facts, at, chosen), len(chosen)
    each = _of_customers(encoder, facts, at, chosen, before)
    width = len(encoder.categories) + 1
    response = np.repeat(np.eye(len(encoder.responses)), width, axis=0)
    kinds = np.column_stack([response, np.tile(np.eye(width), (len(encoder.responses), 1))])
    cells = len(kinds)
    both = _of_both(encoder, before, n).reshape(n, cells, _OF_CELLS)
    parts = [np.broadcast_to(each[:, None], (n, cells, each.shape[1]))]
    parts += [np.broadcast_to(kinds, (n, *kinds.shape)), both]
    return np.concatenate(parts, axis=2, dtype=np.float32).reshape(n * cells, -1)


def _done(encoder: Encoder, facts: FactColumns, at: np.datetime64, chosen: Positions) -> _Done:
    events = facts.events
    place = np.full(len(facts.customers) + 1, -1, dtype=np.intp)
    place[chosen] = np.arange(len(chosen))
    who, days = place[events.customer], (at - events.time) / _DAY
    types, categories = (
        positions(events.type, encoder.types),
        positions(events.category, encoder.categories),
    )
    rows = (who >= 0) & (days > 0)
    return _Done(who[rows], types[rows], categories[rows], days[rows])


def _of_customers(
    encoder: Encoder, facts: FactColumns, at: np.datetime64, chosen: Positions, before: _Done
) -> Floats:
    n = len(chosen)
    known = (at - facts.customers.created[chosen]) / _DAY
    # Of whoever joins later nothing is known yet, and of others not when they joined.
    known[~(known > 0)] = np.nan
    first = np.full(n, np.nan)
    np.fmax.at(first, before.who, before.days)
    every = _seen(before.who, np.zeros(len(before.who), dtype=np.intp), before.days, (n, 1))
    by_type = _seen(before.who, before.type, before.days, (n, len(encoder.types)))
    told = [facts.customers.attributes[place] for place in chosen.tolist()]
    return np.column_stack(
        [known, first, *every, by_type.times, encoder.attributes.transform(told)]
    ).astype(np.float64)


def _of_both(encoder: Encoder, before: _Done, n: int) -> Floats:
    """`(n, n_responses, 1 + n_categories, _OF_CELLS)`."""
    responses, categories = len(encoder.responses), len(encoder.categories)
    # The responses are the first of the types.
    response = np.where(before.type < responses, before.type, -1)
    is_pair = (response >= 0) & (before.category >= 0)
    pair = np.where(is_pair, response * categories + before.category, -1)
    every = _seen(before.who, response, before.days, (n, responses))
    each = _seen(before.who, pair, before.days, (n, responses * categories))
    alike = _seen(before.who, before.category, before.days, (n, categories))
    made = np.full((n, responses, 1 + categories, _OF_CELLS), np.nan)
    for column, (any_, one) in enumerate(zip(every, each, strict=True)):
        made[..., column] = any_[:, :, None]
        made[:, :, 1:, column + 5] = one.reshape(n, responses, categories)
    made[:, :, 1:, 3] = alike.times[:, None, :]
    made[:, :, 1:, 4] = alike.days[:, None, :]
    return made


def _seen(who: Positions, what: Positions, days: Floats, shape: tuple[int, int]) -> _Seen:
    size = shape[0] * shape[1]
    counted = what >= 0
    place, ago = who[counted] * shape[1] + what[counted], days[counted]
    last = np.full(size, np.inf)
    np.minimum.at(last, place, ago)
    last[np.isinf(last)] = np.nan
    return _Seen(
        np.bincount(place, minlength=size).astype(np.float64).reshape(shape),
        np.bincount(place[ago <= _RECENT], minlength=size).astype(np.float64).reshape(shape),
        last.reshape(shape),
    )
