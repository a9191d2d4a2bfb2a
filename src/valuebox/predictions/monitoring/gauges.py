"""The last result of monitoring each compartment, as Prometheus reads it."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final, get_args

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from valuebox.features.bins import PREDICTION
from valuebox.predictions.monitoring.results import Check, MonitorResult, Unknowable

_DAY_SECONDS: Final = 86_400
_OF: Final = "of matured cohorts, in the unit of the outcomes."
_MEANINGS: Final[Mapping[str, str]] = {
    "monitored_timestamp_seconds": "When it was.",
    "monitor_crossed": "Figures that were beyond their threshold.",
    "monitor_unknown": "1 where nothing could be said, which is not the same as calm.",
    "label_lag_seconds": "From the last matured day of cohorts to the last one.",
    "drift_psi": "Population stability index.",
    "drift_psi_chance": "Of that, what chance exceeds 1 in 1,000 times.",
    "missing_share": "Share of rows without a value.",
    "unseen_share": "Share of rows with a value unknown to the model.",
    "evidence": "How much speaks for a change, by test.",
    "evidence_limit": "From where on it is more than chance explains.",
    "monitor_figure": "A figure that a compartment tells of its own.",
    "cohort_error": f"Mean absolute error of the mean {_OF}",
    "cohort_error_floor": f"What of the error chance leaves, {_OF}",
    "cohort_actual": f"Mean outcome {_OF}",
    "cohort_inside_share": "Share of matured cohorts whose mean lies in its 90 % interval.",
}
_LABELS: Final[Mapping[str, tuple[str, ...]]] = {
    "monitor_crossed": ("check",),
    "monitor_unknown": ("check",),
    **dict.fromkeys(
        ("drift_psi", "drift_psi_chance", "missing_share", "unseen_share"), ("feature",)
    ),
    **dict.fromkeys(("evidence", "evidence_limit"), ("test",)),
    "monitor_figure": ("figure", "segment"),
}
"""The labels of a gauge beside `compartment`, where it has any."""

Gauged = Iterator[tuple[str, tuple[str, ...], float]]
"""Name of a gauge, values of its labels, and its figure."""


class MonitorGauges(Collector):
    """Tells the result of each compartment that it was last shown; nothing before the first one.

    It asks no database: reading it costs the same, and ends, wherever that may be.
    """

    def __init__(self) -> None:
        self._results: Mapping[str, MonitorResult] = {}

    def show(self, results: Mapping[str, MonitorResult]) -> None:
        """Have the gauges tell these results, by compartment, from now on."""
        self._results = results

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """What Prometheus asks for."""
        families: dict[str, GaugeMetricFamily] = {}
        for compartment, result in self._results.items():
            for name, values, figure in _gauged(result):
                if name not in families:
                    labels = ["compartment", *_LABELS.get(name, ())]
                    families[name] = GaugeMetricFamily(
                        f"valuebox_{name}", _MEANINGS[name], labels=labels
                    )
                families[name].add_metric([compartment, *values], figure)
        yield from families.values()


def _gauged(result: MonitorResult) -> Gauged:
    yield "monitored_timestamp_seconds", (), result.made_at.timestamp()
    crossed = Counter(one.check for one in result.crossed)
    for check in get_args(Check):
        yield "monitor_crossed", (check,), crossed[check]
    unknown = [one.check for one in result.unknown]
    for about in get_args(Unknowable):
        yield "monitor_unknown", (about,), unknown.count(about)
    if result.label_lag_days is not None:
        yield "label_lag_seconds", (), result.label_lag_days * _DAY_SECONDS
    for one in result.drift.features if result.drift else ():
        yield "drift_psi", (one.feature,), one.psi
        yield "drift_psi_chance", (one.feature,), one.chance
        if one.feature != PREDICTION:
            yield "missing_share", (one.feature,), one.missing
        if one.is_category:
            yield "unseen_share", (one.feature,), one.unseen
    for finding in result.findings:
        if finding.check == "evidence":
            yield "evidence", (finding.feature or "",), finding.value
            yield "evidence_limit", (finding.feature or "",), finding.limit
    for figure in result.figures:
        yield "monitor_figure", (figure.name, figure.segment), figure.value
    if (matured := result.matured) is not None:
        yield "cohort_error", (), matured.error
        yield "cohort_error_floor", (), matured.floor
        yield "cohort_actual", (), matured.actual
        if matured.inside is not None:
            yield "cohort_inside_share", (), matured.inside
