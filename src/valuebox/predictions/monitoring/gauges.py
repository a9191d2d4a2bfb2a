"""The last result of monitoring, as Prometheus reads it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import get_args

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from valuebox.compartments.ltv.features import CATEGORICAL, FEATURES
from valuebox.predictions.monitoring.results import Check, Drifted, Matured, MonitorResult

_DAY_SECONDS = 86_400


class MonitorGauges(Collector):
    """Tells the result that it was last shown, and nothing before the first one.

    It asks no database: reading it costs the same, and ends, wherever that may be.
    """

    def __init__(self) -> None:
        self._result: MonitorResult | None = None

    def show(self, result: MonitorResult | None) -> None:
        """Have the gauges tell this result from now on."""
        self._result = result

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """What Prometheus asks for."""
        result = self._result
        if result is None:
            return
        yield _one("monitored_timestamp_seconds", "When it was.", result.made_at.timestamp())
        crossed = Counter(one.check for one in result.crossed)
        yield _each(
            "monitor_crossed",
            "Figures that were beyond their threshold.",
            "check",
            ((check, crossed[check]) for check in get_args(Check)),
        )
        unknown = Counter(one.check for one in result.unknown)
        yield _each(
            "monitor_unknown",
            "1 where nothing could be said, which is not the same as calm.",
            "check",
            ((check, unknown[check]) for check in ("psi", "error")),
        )
        yield _one(
            "label_lag_seconds",
            "From the last matured day of joining to the last one.",
            result.label_lag_days * _DAY_SECONDS,
        )
        if result.drift is not None:
            yield from _of_drift(result.drift)
        if result.matured is not None:
            yield from _of_matured(result.matured)


def _of_drift(drift: Drifted) -> Iterator[GaugeMetricFamily]:
    everything = [one.feature for one in drift.features]
    for name, meaning, attribute, features in (
        ("drift_psi", "Population stability index.", "psi", everything),
        (
            "drift_psi_chance",
            "Of that, what chance exceeds 1 in 1,000 times.",
            "chance",
            everything,
        ),
        ("missing_share", "Share of users without a value.", "missing", FEATURES),
        (
            "unseen_share",
            "Share of users with a value unknown to the model.",
            "unseen",
            CATEGORICAL,
        ),
    ):
        values = {one.feature: getattr(one, attribute) for one in drift.features}
        yield _each(
            name, meaning, "feature", ((one, values[one]) for one in features if one in values)
        )


def _of_matured(matured: Matured) -> Iterator[GaugeMetricFamily]:
    of = "of matured cohorts, in the currency of the outcomes."
    yield _one("cohort_error", f"Mean absolute error of the mean {of}", matured.error)
    yield _one("cohort_error_floor", f"What of the error chance leaves, {of}", matured.floor)
    yield _one("cohort_actual", f"Mean outcome {of}", matured.actual)
    if matured.inside is not None:
        meaning = "Share of matured cohorts whose mean lies in its 90 % interval."
        yield _one("cohort_inside_share", meaning, matured.inside)


def _one(name: str, meaning: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"valuebox_ltv_{name}", meaning, value=value)


def _each(
    name: str, meaning: str, label: str, values: Iterable[tuple[str, float]]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"valuebox_ltv_{name}", meaning, labels=[label])
    for of, value in values:
        family.add_metric([of], value)
    return family
