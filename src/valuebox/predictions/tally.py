"""What was predicted, by segment, and what was missing, as Prometheus reads it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import repeat
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from prometheus_client import Counter, Gauge

from valuebox.compartments.ltv.features import CATEGORICAL, FEATURES, Matrix
from valuebox.compartments.ltv.model import LtvModel
from valuebox.store.writing import COPY_FROM

UNSEEN: Final = "unseen"
MISSING: Final = "missing"
_SEGMENT: Final = "country_segment"

Count = tuple[Counter, float]
# Position of a segment, its users, the sum of their predictions above 0, and of those below.
_Sums = tuple[int, float, float, float]


class Tally:
    """Counts predictions, by segment.

    A segment is one that the model has learned, or `unseen`, or `missing`: callers may send any
    text as one, and Prometheus keeps every label that it was ever shown.
    """

    def __init__(self, model: LtvModel):
        metrics = _metrics()
        segments = (*model.encoder.categories[_SEGMENT], UNSEEN, MISSING)
        self._unseen = len(segments) - 2
        self._codes: dict[str | None, int] = {name: n for n, name in enumerate(segments[:-2])}
        self._codes[None] = self._unseen + 1
        self._predictions = [metrics.predictions.labels(name) for name in segments]
        self._value = [metrics.value.labels(name) for name in segments]
        self._refunds = [metrics.refunds.labels(name) for name in segments]
        self._missing = {name: metrics.missing.labels(name) for name in FEATURES}
        columns = model.encoder.feature_names
        self._columns = {
            name: columns.index(f"{name}=?" if name in CATEGORICAL else name) for name in FEATURES
        }
        metrics.model.labels(model.tag).set(1)
        metrics.created.labels(model.tag).set(model.created_at.timestamp())

    def of(
        self, features: Mapping[str, Sequence[Any]], matrix: Matrix, prediction: NDArray[np.float64]
    ) -> list[Count]:
        """What there is to count of some users, once their predictions are stored.

        Args:
            features: One value per user in each of `FEATURES`; None is missing.
            matrix: The same as `Encoder.transform` makes it.
            prediction: `(n_users,)`, in the currency of `STV`.

        Returns:
            Counters, and by how much each of them goes up.
        """
        counts: list[Count] = []
        few = len(prediction) < COPY_FROM
        for name, counter in self._missing.items():
            if few or self._may_be_missing(name, matrix):
                missing = features[name].count(None)
                if missing:
                    counts.append((counter, missing))
        segments = features[_SEGMENT]
        codes = map(self._codes.get, segments, repeat(self._unseen))
        for code, users, value, refunds in (_of_few if few else _of_many)(codes, prediction):
            counts += [(self._predictions[code], users), (self._value[code], value)]
            # Kept apart: a counter that falls would be taken for one that began anew.
            if refunds:
                counts.append((self._refunds[code], refunds))
        return counts

    def _may_be_missing(self, name: str, matrix: Matrix) -> bool:
        # Of many users in a tenth of the time that looking at each value takes.
        column = matrix[:, self._columns[name]]
        return bool(column.any() if name in CATEGORICAL else np.isnan(column).any())


def _of_few(codes: Iterable[int], prediction: NDArray[np.float64]) -> Iterator[_Sums]:
    sums: defaultdict[int, list[float]] = defaultdict(lambda: [0, 0.0, 0.0])
    for code, value in zip(codes, prediction.tolist(), strict=True):
        of_code = sums[code]
        of_code[0] += 1
        of_code[1 if value >= 0 else 2] += abs(value)
    for code, (users, value, refunds) in sums.items():
        yield code, users, value, refunds


def _of_many(codes: Iterable[int], prediction: NDArray[np.float64]) -> Iterator[_Sums]:
    of_users = np.fromiter(codes, np.intp, len(prediction))
    users = np.bincount(of_users)
    value = np.bincount(of_users, np.maximum(prediction, 0.0))
    refunds = np.bincount(of_users, np.maximum(-prediction, 0.0))
    for code in np.flatnonzero(users).tolist():
        yield code, int(users[code]), float(value[code]), float(refunds[code])


class _Metrics(NamedTuple):
    predictions: Counter
    value: Counter
    refunds: Counter
    missing: Counter
    model: Gauge
    created: Gauge


@cache
def _metrics() -> _Metrics:
    return _Metrics(
        Counter("valuebox_ltv_predictions", "Predictions that were stored.", ["segment"]),
        Counter(
            "valuebox_ltv_predicted_value",
            "Sum of these predictions, where they are above 0, in the currency of STV.",
            ["segment"],
        ),
        Counter(
            "valuebox_ltv_predicted_refunds",
            "Sum of these predictions, where they are below 0, without their sign.",
            ["segment"],
        ),
        Counter("valuebox_ltv_missing_values", "Values that these users lacked.", ["feature"]),
        Gauge(
            "valuebox_ltv_model_info",
            "1 for each model that answers.",
            ["model"],
            multiprocess_mode="livemax",
        ),
        Gauge(
            "valuebox_ltv_model_created_timestamp_seconds",
            "When each of them was made.",
            ["model"],
            multiprocess_mode="livemax",
        ),
    )
