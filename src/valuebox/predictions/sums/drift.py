"""How far the rows of a period are from the training users of the model that answered."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, func, literal, select
from sqlalchemy.orm import Session

from valuebox.features.bins import PREDICTION, Bins, Reference
from valuebox.predictions.ledger import Ledger
from valuebox.predictions.sums.answers import BinShare, FeatureDrift
from valuebox.predictions.sums.models import known_model
from valuebox.predictions.sums.selection import (
    Selection,
    first_day,
    period_name,
    period_of,
    summed,
)
from valuebox.statistics.psi import merged, shift

Counts = dict[tuple[str, str | None], dict[str, dict[int, int]]]


def drift(
    session: Session, ledger: Ledger, selection: Selection, people: int | None = None
) -> list[FeatureDrift]:
    """Every feature and the predictions, by model, all selected days of cohorts together.

    Features are those of all segments, whatever the selection says. Models that were never
    registered are left out: nothing is known of their training users. Where rows are of fewer
    `people`, chance is that of so many.
    """
    counts = _counted(session, ledger, selection, by_month=False)
    return _judged(session, ledger, counts, people)


def drift_with_months(
    session: Session, ledger: Ledger, selection: Selection
) -> tuple[list[FeatureDrift], list[FeatureDrift]]:
    """What `drift` says, then the same by month in order of time, with one look at the sums."""
    by_month = _counted(session, ledger, selection, by_month=True)
    whole: Counts = {}
    for (model, _), by_feature in by_month.items():
        of_model = whole.setdefault((model, None), {})
        for feature, counts in by_feature.items():
            of_feature = of_model.setdefault(feature, {})
            for one, rows in counts.items():
                of_feature[one] = of_feature.get(one, 0) + rows
    return _judged(session, ledger, whole), _judged(session, ledger, by_month)


def _counted(session: Session, ledger: Ledger, selection: Selection, by_month: bool) -> Counts:
    counts: Counts = {}
    sums, months = ledger.sums, ledger.sums.months
    features, predictions = months and months.feature_bins, months and months.prediction_bins
    query = _sums(selection, by_month, sums.feature_bins, features, "feature")
    for model, number, one, rows, name in session.execute(query):
        _add(counts, (model, number, name, one), rows)
    query = _sums(selection, by_month, sums.prediction_bins, predictions)
    for model, number, one, rows in session.execute(query):
        _add(counts, (model, number, PREDICTION, one), rows)
    return counts


def _judged(
    session: Session, ledger: Ledger, counts: Counts, people: int | None = None
) -> list[FeatureDrift]:
    references: dict[str, Reference | None] = {}
    found: list[FeatureDrift] = []
    for (model, of_period), by_feature in sorted(
        counts.items(), key=lambda item: (item[0][0], item[0][1] or "")
    ):
        if model not in references:
            references[model] = known_model(session, ledger, model).reference
        reference = references[model]
        if reference is not None:
            found += _drifts(model, of_period, reference, by_feature, people)
    return found


def _sums(
    selection: Selection, by_month: bool, days: Any, months: Any | None, *more: str
) -> Select[*tuple[Any, ...]]:
    """Model, month, bin, rows, and more that they are grouped by."""
    names = ("model", "bin", *more)

    def columns(table: Any) -> list[Any]:
        day = first_day(table).label("day")
        return [*(getattr(table, name) for name in names), day, table.rows]

    found = summed(selection, days, months, columns).c
    if not by_month:
        keys = [found[name] for name in names]
        whole = select(found.model, literal(None), found.bin, func.sum(found.rows))
        return whole.add_columns(*keys[2:]).group_by(*keys)
    # By day first: what a day is part of takes longer to tell than to add up.
    keys = [*(found[name] for name in names), found.day]
    of_day = select(*keys, func.sum(found.rows).label("rows")).group_by(*keys).subquery().c
    number = period_of(of_day.day, "month").label("period")
    others = [of_day[name] for name in more]
    grouped = (of_day.model, number, of_day.bin)
    return select(*grouped, func.sum(of_day.rows), *others).group_by(*grouped, *others)


def _add(counts: Counts, key: tuple[str, Any, str, int], rows: Any) -> None:
    model, number, name, one = key
    period = None if number is None else period_name(number)
    counts.setdefault((model, period), {}).setdefault(name, {})[one] = int(rows)


def _drifts(
    model: str,
    period: str | None,
    reference: Reference,
    by_feature: Mapping[str, Mapping[int, int]],
    people: int | None,
) -> Iterator[FeatureDrift]:
    # Each of them is in every feature once, and in the predictions as often as it was predicted.
    learned = max((sum(bins.users) for bins in reference.features.values()), default=0)
    for name, bins in reference.features.items():
        actual = _listed(by_feature.get(name, {}), len(bins.users))
        if apart := shift(bins.users, actual, _different(bins.users, actual, people, learned)):
            shares = _shares(bins, actual)
            missing = shares[bins.missing]
            unseen = shares[bins.unseen] if bins.unseen is not None else BinShare("", 0.0, 0.0)
            yield FeatureDrift(
                model, name, period, sum(actual), *apart,
                missing.actual, missing.expected, unseen.actual, unseen.expected, shares,
                bins.unseen is not None,
            )  # fmt: skip
    actual = _listed(by_feature.get(PREDICTION, {}), len(reference.predictions))
    different = _different(reference.predictions, actual, people, learned)
    if apart := shift(*merged(reference.predictions, actual), different):
        yield FeatureDrift(model, PREDICTION, period, sum(actual), *apart, 0.0, 0.0, 0.0, 0.0, ())


def _different(
    expected: Sequence[int], actual: Sequence[int], people: int | None, learned: int
) -> tuple[float, float] | None:
    """How many different people are on both sides; None where all rows are of different ones."""
    if people is None:
        return None
    return min(sum(expected), learned or sum(expected)), min(sum(actual), people)


def _listed(counts: Mapping[int, int], n_bins: int) -> list[int]:
    return [counts.get(one, 0) for one in range(n_bins)]


def _shares(bins: Bins, actual: Sequence[int]) -> tuple[BinShare, ...]:
    expected, rows = sum(bins.users), sum(actual)
    return tuple(
        BinShare(name, users / expected, count / rows)
        for name, users, count in zip(bins.names, bins.users, actual, strict=True)
    )
