"""What every worker does beside its requests: sums are kept up to date, results looked up."""

from functools import cache
from threading import Event
from typing import Final

from prometheus_client import Gauge

from valuebox.predictions.monitoring.gauges import MonitorGauges
from valuebox.predictions.monitoring.keeping import latest
from valuebox.predictions.sums.folding import Folding
from valuebox.store.clock import CLOCK
from valuebox.store.deadline import within
from valuebox.worker.repeating import Repeating

FIRST_SECONDS: Final = 1.0
EVERY_SECONDS: Final = 15.0
_LOOK_SECONDS: Final = 10.0


def upkeep(folding: Folding, gauges: MonitorGauges) -> Repeating:
    """What adds new rows and outcomes to the sums, and shows the last result of monitoring.

    It also compares this machine's clock with the database's.

    Several workers may do so at the same time: one of them adds, the others do not wait for it.
    """
    skew = _skew()

    def keep_up(stop: Event) -> None:
        try:
            with within(_LOOK_SECONDS), folding.store.reading() as session:
                skew.set(abs(CLOCK.compare(session)))
                gauges.show(latest(session))
        finally:
            # Also when another version of valuebox has stored a result that this one cannot read.
            folding.fold(stop)

    failed = "sums could not be kept up to date; tried again until they can"
    return Repeating("upkeep", keep_up, FIRST_SECONDS, EVERY_SECONDS, failed)


@cache
def _skew() -> Gauge:
    return Gauge(
        "valuebox_clock_skew_seconds",
        "Between this machine's clock and the database's.",
        multiprocess_mode="livemax",
    )
