"""The bins of `ltv.bins` and of `uncertainty.Scatter` as SQL."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal
from sqlalchemy.sql.elements import SQLCoreOperations

from valuebox.compartments.ltv.uncertainty import Uncertainty
from valuebox.features.bins import CategoryBins, NumberBins

Column = SQLCoreOperations[Any]
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
    if not edges:
        return literal(0)
    return case(
        *((column < edge, position) for position, edge in enumerate(edges)), else_=len(edges)
    )


def later(prediction: Column, stv: Column) -> ColumnElement[float]:
    """Prediction of what comes after the first 4 days; of everything where these are not known."""
    return prediction - func.coalesce(stv, 0.0)


def future(prediction: Column, stv: Column, share: float) -> ColumnElement[float]:
    """What of a prediction moves with the level of behaviour; see `Uncertainty`."""
    paid_less = prediction - stv
    return case((stv.is_(None), prediction * share), (paid_less > 0, paid_less), else_=literal(0.0))


def scatter_of(prediction: Column, stv: Column, uncertainty: Uncertainty) -> Number:
    """The bin of a user, as `LtvCohortScatter` has them."""
    unpaid = between(prediction, uncertainty.missing.edges)
    return case(
        (stv.is_(None), -1 - unpaid),
        else_=between(prediction - stv, uncertainty.known.edges),
    )
