"""Whether as many responded as was predicted, by tenths of the rows, and how far the top one leads.

Rows are those whose outcome is known, from the likeliest to the least likely. They are known by
bin of the prediction: a bin that lies across the border of two tenths goes to the upper one.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, literal, select
from sqlalchemy.orm import Session

from valuebox.predictions.ledger import Ledger
from valuebox.predictions.sums.periods import chosen, period_name, period_of
from valuebox.predictions.sums.views import Selection
from valuebox.statistics.rates import wilson

_TENTHS: Final = 10


@dataclass(frozen=True)
class Decile:
    """About a tenth of the rows of a segment, by how likely they were said to respond."""

    model: str
    segment: str
    decile: int
    """From 1, the likeliest, to 10; where many rows are in one bin, some are not there."""
    rows: int
    predicted: float
    """Mean probability."""
    actual: float
    """Share that responded."""
    lower: float
    """Lower end of the 90 % interval of that share, which chance alone explains."""
    upper: float


@dataclass(frozen=True)
class Lift:
    """How many times as many of the likeliest tenth responded as of all rows of a segment."""

    model: str
    segment: str
    period: str
    """Month such as 2019-07."""
    rows: int
    responders: int
    lift: float | None
    """Share of the first decile that responded, by that of all; None where nobody responded."""


@dataclass(frozen=True)
class _Bin:
    rows: int
    prediction: float
    actual: float


def deciles(session: Session, ledger: Ledger, selection: Selection, least: int = 1) -> list[Decile]:
    """Tenths of the rows of each segment of a selection, the likeliest first.

    Args:
        session: Reads.
        ledger: Whose spread is calibrated.
        selection: Days, segments and model.
        least: Segments with fewer rows in any tenth are left out.
    """
    found: list[Decile] = []
    for (model, segment, _), bins in _bins(session, ledger, selection, by_month=False).items():
        tenths = [
            _decile(model, segment, place, tenth) for place, tenth in _tenths(bins) if tenth.rows
        ]
        if all(one.rows >= least for one in tenths):
            found += tenths
    return found


def lifts(session: Session, ledger: Ledger, selection: Selection, least: int = 1) -> list[Lift]:
    """Lift of the likeliest tenth of each segment and month of a selection, in order of time.

    Args:
        session: Reads.
        ledger: Whose spread is calibrated.
        selection: Days, segments and model.
        least: Months with fewer rows in the likeliest tenth are left out.
    """
    found = []
    for (model, segment, number), bins in _bins(session, ledger, selection, by_month=True).items():
        whole = _together(bins)
        _, top = next(_tenths(bins))
        if top.rows >= least and whole.rows > top.rows:
            share = whole.actual / whole.rows
            lift = top.actual / top.rows / share if share else None
            period = period_name(number)
            found.append(Lift(model, segment, period, whole.rows, round(whole.actual), lift))
    return found


def _bins(
    session: Session, ledger: Ledger, selection: Selection, by_month: bool
) -> dict[tuple[str, str, Any], list[_Bin]]:
    """Bins with known outcomes by model, segment and month, the likeliest first."""
    table: Any = ledger.sums.cohort_scatter
    number = (period_of(table.day, "month") if by_month else literal(0)).label("period")
    columns = (table.known_users, table.known_prediction, table.known_actual)
    query = chosen(selection, table, table.model, table.segment, number, table.bin, *columns)
    rows = query.where(table.known_users > 0).subquery().c
    keys = (rows.model, rows.segment, rows.period, rows.bin)
    sums = [func.sum(rows[column.name]) for column in columns]
    ordered = select(*keys, *sums).group_by(*keys).order_by(*keys[:3], rows.bin.desc())
    found: dict[tuple[str, str, Any], list[_Bin]] = {}
    for model, segment, period, _, known, prediction, actual in session.execute(ordered):
        one = _Bin(int(known), float(prediction), float(actual))
        found.setdefault((model, segment, period), []).append(one)
    return found


def _tenths(bins: Sequence[_Bin]) -> Iterator[tuple[int, _Bin]]:
    total, passed = sum(one.rows for one in bins), 0
    gathered: dict[int, list[_Bin]] = {}
    for one in bins:
        gathered.setdefault(_TENTHS * passed // total, []).append(one)
        passed += one.rows
    for place, some in gathered.items():
        yield place + 1, _together(some)


def _together(bins: Iterable[_Bin]) -> _Bin:
    some = list(bins)
    return _Bin(
        sum(one.rows for one in some),
        sum(one.prediction for one in some),
        sum(one.actual for one in some),
    )


def _decile(model: str, segment: str, place: int, tenth: _Bin) -> Decile:
    lower, upper = wilson(round(tenth.actual), tenth.rows)
    means = (tenth.prediction / tenth.rows, tenth.actual / tenth.rows)
    return Decile(model, segment, place, tenth.rows, *means, lower, upper)
