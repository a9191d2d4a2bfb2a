"""What was predicted, by segment, and what was missing, as Prometheus reads it."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from itertools import repeat
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from prometheus_client import Counter, Gauge

from valuebox.store.writing import COPY_FROM

UNSEEN: Final = "unseen"
MISSING: Final = "missing"

Count = tuple[Counter, float]
# Position of a segment, its rows, the sum of their predictions above 0, and of those below.
_Sums = tuple[int, float, float, float]


def tell_model(compartment: str, model: str, created_at: datetime) -> None:
    """Tell Prometheus which model a compartment answers with.

    Args:
        compartment: Its name.
        model: Exact tag.
        created_at: When the model was made.
    """
    metrics = _metrics()
    metrics.model.labels(compartment, model).set(1)
    metrics.created.labels(compartment, model).set(created_at.timestamp())


class Tally:
    """Counts the predictions of one compartment, by segment.

    A segment is one that the model has learned, or `unseen`, or `missing`: callers may send any
    text as one, and Prometheus keeps every label that it was ever shown.
    """

    def __init__(
        self,
        compartment: str,
        model: str,
        created_at: datetime,
        segments: Sequence[str],
        features: Collection[str] = (),
    ):
        """Tell Prometheus which model predicts.

        Args:
            compartment: Its name.
            model: Exact tag.
            created_at: When the model was made.
            segments: Those that the model has learned.
            features: Those of which missing values are counted.
        """
        metrics = _metrics()
        names = (*segments, UNSEEN, MISSING)
        self._unseen = len(segments)
        self._codes: dict[str | None, int] = {name: n for n, name in enumerate(segments)}
        self._codes[None] = self._unseen + 1
        self._predictions = [metrics.predictions.labels(compartment, name) for name in names]
        self._value = [metrics.value.labels(compartment, name) for name in names]
        self._refunds = [metrics.refunds.labels(compartment, name) for name in names]
        self._missing = {name: metrics.missing.labels(compartment, name) for name in features}
        tell_model(compartment, model, created_at)

    def of(
        self,
        segments: Sequence[str | None],
        prediction: NDArray[np.float64],
        features: Mapping[str, Sequence[Any]] | None = None,
        may_lack: Callable[[str], bool] = lambda _: True,
    ) -> list[Count]:
        """What there is to count of some rows, once their predictions are stored.

        Args:
            segments: One for each row; None where there is none.
            prediction: `(n_rows,)`, in the unit of the compartment.
            features: A value for each row, by the name of the feature; None is missing.
            may_lack: Function that says of a feature, sooner than each value could be looked at,
                whether any of many rows lacks it.

        Returns:
            Counters, and by how much each of them goes up.
        """
        counts: list[Count] = []
        few = len(prediction) < COPY_FROM
        for name, counter in self._missing.items():
            if features is not None and (few or may_lack(name)):
                missing = features[name].count(None)
                if missing:
                    counts.append((counter, missing))
        codes = map(self._codes.get, segments, repeat(self._unseen))
        for code, rows, value, refunds in (_of_few if few else _of_many)(codes, prediction):
            counts += [(self._predictions[code], rows), (self._value[code], value)]
            # Kept apart: a counter that falls would be taken for one that began anew.
            if refunds:
                counts.append((self._refunds[code], refunds))
        return counts


def _of_few(codes: Iterable[int], prediction: NDArray[np.float64]) -> Iterator[_Sums]:
    sums: defaultdict[int, list[float]] = defaultdict(lambda: [0, 0.0, 0.0])
    for code, value in zip(codes, prediction.tolist(), strict=True):
        of_code = sums[code]
        of_code[0] += 1
        of_code[1 if value >= 0 else 2] += abs(value)
    for code, (rows, value, refunds) in sums.items():
        yield code, rows, value, refunds


def _of_many(codes: Iterable[int], prediction: NDArray[np.float64]) -> Iterator[_Sums]:
    of_rows = np.fromiter(codes, np.intp, len(prediction))
    rows = np.bincount(of_rows)
    value = np.bincount(of_rows, np.maximum(prediction, 0.0))
    refunds = np.bincount(of_rows, np.maximum(-prediction, 0.0))
    for code in np.flatnonzero(rows).tolist():
        yield code, int(rows[code]), float(value[code]), float(refunds[code])


class _Metrics(NamedTuple):
    predictions: Counter
    value: Counter
    refunds: Counter
    missing: Counter
    model: Gauge
    created: Gauge


@cache
def _metrics() -> _Metrics:
    by_segment = ["compartment", "segment"]
    by_model = ["compartment", "model"]
    return _Metrics(
        Counter("valuebox_predictions", "Predictions that were stored.", by_segment),
        Counter(
            "valuebox_predicted_value",
            "Sum of these predictions, where they are above 0: amounts of money, or how many are "
            "expected.",
            by_segment,
        ),
        Counter(
            "valuebox_predicted_refunds",
            "Sum of these predictions, where they are below 0, without their sign.",
            by_segment,
        ),
        Counter(
            "valuebox_missing_values",
            "Values that were missing where something was predicted.",
            ["compartment", "feature"],
        ),
        Gauge(
            "valuebox_model_info",
            "1 for each model that answers.",
            by_model,
            multiprocess_mode="livemax",
        ),
        Gauge(
            "valuebox_model_created_timestamp_seconds",
            "When each of them was made.",
            by_model,
            multiprocess_mode="livemax",
        ),
    )
