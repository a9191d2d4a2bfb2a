"""Whether as many responded as was predicted, by tenths of the rows, and how far the top one leads.

Rows are those whose outcome is known, from the likeliest to the least likely. They are known by
bin of the prediction: of a bin that lies across the border of two tenths each has the part that
lies on its side, as if the rows of the bin were shuffled.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, literal, select
from sqlalchemy.orm import Session

from valuebox.predictions.ledger import Ledger
from valuebox.predictions.sums.selection import (
    Selection,
    first_day,
    period_name,
    period_of,
    summed,
)
from valuebox.statistics.rates import wilson

_TENTHS: Final = 10


@dataclass(frozen=True)
class Decile:
    """A tenth of the rows of a segment, by how likely they were said to respond."""

    model: str
    segment: str
    decile: int
    """From 1, the likeliest, to 10; neighbours that lie in one bin are alike."""
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
    """Rows of a bin, or of a part of it: sums."""

    rows: float
    prediction: float
    actual: float

    def part(self, share: float) -> "_Bin":
        """So much of the bin, whichever rows that would be."""
        return _Bin(share * self.rows, share * self.prediction, share * self.actual)


def deciles(session: Session, ledger: Ledger, selection: Selection, least: int = 1) -> list[Decile]:
    """Tenths of the rows of each segment of a selection, the likeliest first.

    Args:
        session: Reads.
        ledger: Whose spread is calibrated.
        selection: Days, segments and model.
        least: Segments with fewer rows in a tenth are left out.
    """
    found: list[Decile] = []
    for (model, segment, _), bins in _bins(session, ledger, selection, by_month=False).items():
        if _together(bins).rows >= _TENTHS * least:
            tenths = enumerate(_tenths(bins), 1)
            found += [_decile(model, segment, number, one) for number, one in tenths]
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
        if whole.rows >= _TENTHS * least:
            top = _tenths(bins)[0]
            share = whole.actual / whole.rows
            lift = top.actual / top.rows / share if share else None
            rows, period = round(whole.rows), period_name(number)
            found.append(Lift(model, segment, period, rows, round(whole.actual), lift))
    return found


def _bins(
    session: Session, ledger: Ledger, selection: Selection, by_month: bool
) -> dict[tuple[str, str, Any], list[_Bin]]:
    """Bins with known outcomes by model, segment and month, the likeliest first."""
    names = ("model", "segment", "bin", "known_users", "known_prediction", "known_actual")

    def columns(table: Any) -> list[Any]:
        return [first_day(table).label("day"), *(getattr(table, name) for name in names)]

    months = ledger.sums.months and ledger.sums.months.cohort_scatter
    days = ledger.sums.cohort_scatter
    found = summed(selection, days, months, columns, lambda one: one.known_users > 0).c
    number = (period_of(found.day, "month") if by_month else literal(0)).label("period")
    rows = select(*(found[name] for name in names), number).subquery().c
    keys = (rows.model, rows.segment, rows.period, rows.bin)
    sums = [func.sum(rows[name]) for name in names[3:]]
    ordered = select(*keys, *sums).group_by(*keys).order_by(*keys[:3], rows.bin.desc())
    bins: dict[tuple[str, str, Any], list[_Bin]] = {}
    for model, segment, period, _, known, prediction, actual in session.execute(ordered):
        one = _Bin(int(known), float(prediction), float(actual))
        bins.setdefault((model, segment, period), []).append(one)
    return bins


def _tenths(bins: Sequence[_Bin]) -> list[_Bin]:
    """Ten parts with as many rows each, in the order of the bins."""
    size = sum(one.rows for one in bins) / _TENTHS
    parts: list[list[_Bin]] = [[] for _ in range(_TENTHS)]
    passed = 0.0
    for one in bins:
        for number, part in enumerate(parts):
            start, end = max(passed, number * size), min(passed + one.rows, (number + 1) * size)
            if start < end:
                part.append(one.part((end - start) / one.rows))
        passed += one.rows
    return [_together(part) for part in parts]


def _together(bins: Iterable[_Bin]) -> _Bin:
    some = list(bins)
    return _Bin(
        sum(one.rows for one in some),
        sum(one.prediction for one in some),
        sum(one.actual for one in some),
    )


def _decile(model: str, segment: str, place: int, tenth: _Bin) -> Decile:
    rows = round(tenth.rows)
    lower, upper = wilson(round(tenth.actual), rows)
    means = (tenth.prediction / tenth.rows, tenth.actual / tenth.rows)
    return Decile(model, segment, place, rows, *means, lower, upper)
