"""How far the rows of a period are from the training users of the model that answered."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import func, literal, select
from sqlalchemy.orm import Session

from valuebox.cohorts import Period
from valuebox.ltv.bins import PREDICTION, PREDICTION_EDGES, Bins, Reference, merged, shift
from valuebox.ltv.summaries.models import known_model
from valuebox.ltv.summaries.periods import chosen, period_name, period_of
from valuebox.ltv.summaries.tables import LtvFeatureBins, LtvPredictionBins
from valuebox.ltv.summaries.views import BinShare, FeatureDrift, Selection

Counts = dict[tuple[str, str | None], dict[str, dict[int, int]]]


def drift(
    session: Session, selection: Selection, period: Period | None = None
) -> list[FeatureDrift]:
    """Every feature and the predictions, by model and period, in order of time.

    Features are those of all segments, whatever the selection says. Models that were never
    registered are left out: nothing is known of their training users.

    Args:
        session: To read with.
        selection: Days are those of joining.
        period: None takes all selected days together.
    """
    counts: Counts = {}
    features, predictions = LtvFeatureBins, LtvPredictionBins
    for table, name in ((features, features.feature), (predictions, literal(PREDICTION))):
        _count(session, selection, period, table, name, counts)
    references: dict[str, Reference | None] = {}
    found: list[FeatureDrift] = []
    for (model, of_period), by_feature in sorted(
        counts.items(), key=lambda item: (item[0][0], item[0][1] or "")
    ):
        if model not in references:
            references[model] = known_model(session, model).reference
        reference = references[model]
        if reference is not None:
            found += _drifts(model, of_period, reference, by_feature)
    return found


def _count(
    session: Session,
    selection: Selection,
    period: Period | None,
    table: Any,
    name: Any,
    counts: Counts,
) -> None:
    of_period = period_of(table.day, period) if period else literal(None)
    columns = (table.model, of_period.label("period"), name.label("name"), table.bin, table.rows)
    rows = chosen(selection, table, *columns).subquery().c
    keys = (rows.model, rows.period, rows.name, rows.bin)
    for model, number, feature, one, total in session.execute(
        select(*keys, func.sum(rows.rows)).group_by(*keys)
    ):
        of = counts.setdefault((model, period_name(number) if period else None), {})
        of.setdefault(feature, {})[one] = int(total)


def _drifts(
    model: str,
    period: str | None,
    reference: Reference,
    by_feature: Mapping[str, Mapping[int, int]],
) -> Iterator[FeatureDrift]:
    for name, bins in reference.features.items():
        actual = _listed(by_feature.get(name, {}), len(bins.users))
        if apart := shift(bins.users, actual):
            shares = _shares(bins, actual)
            missing = shares[bins.missing]
            unseen = shares[bins.unseen] if bins.unseen is not None else BinShare("", 0.0, 0.0)
            yield FeatureDrift(
                model, name, period, sum(actual), *apart,
                missing.actual, missing.expected, unseen.actual, unseen.expected, shares,
            )  # fmt: skip
    actual = _listed(by_feature.get(PREDICTION, {}), len(PREDICTION_EDGES) + 1)
    if apart := shift(*merged(reference.predictions, actual)):
        yield FeatureDrift(model, PREDICTION, period, sum(actual), *apart, 0.0, 0.0, 0.0, 0.0, ())


def _listed(counts: Mapping[int, int], n_bins: int) -> list[int]:
    return [counts.get(one, 0) for one in range(n_bins)]


def _shares(bins: Bins, actual: Sequence[int]) -> tuple[BinShare, ...]:
    expected, rows = sum(bins.users), sum(actual)
    return tuple(
        BinShare(name, users / expected, count / rows)
        for name, users, count in zip(bins.names, bins.users, actual, strict=True)
    )
