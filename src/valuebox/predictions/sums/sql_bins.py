"""The bins of `features.bins` as SQL."""

from collections.abc import Sequence
from functools import lru_cache

from sqlalchemy import ColumnElement, case, literal

from valuebox.features.bins import CategoryBins, NumberBins
from valuebox.predictions.ledger import Column

Number = ColumnElement[int]


def bin_of(column: Column, bins: NumberBins | CategoryBins) -> Number:
    """What `codes` of the bins gives."""
    if isinstance(bins, NumberBins):
        return case((column.is_(None), bins.missing), else_=between(column, bins.edges))
    frequent = [(column == value, code) for code, value in enumerate(bins.values)]
    rarer = [(column.in_(bins.rarer), len(bins.values))] if bins.rarer else []
    return case((column.is_(None), bins.missing), *frequent, *rarer, else_=bins.unseen)


def between(column: Column, edges: Sequence[float]) -> Number:
    """How many of the edges are at most as great."""
    return _between(column, tuple(edges))


# SQLAlchemy takes longer to put a hundred branches together than a database to go through them.
@lru_cache(maxsize=64)
def _between(column: Column, edges: tuple[float, ...]) -> Number:
    if not edges:
        return literal(0)
    return case(
        *((column < edge, position) for position, edge in enumerate(edges)), else_=len(edges)
    )
