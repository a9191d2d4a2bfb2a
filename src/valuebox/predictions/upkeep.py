"""What every worker does beside its requests: sums are kept up to date, results looked up."""

from collections.abc import Sequence
from contextlib import ExitStack
from functools import cache
from threading import Event
from typing import Final

from prometheus_client import Gauge

from valuebox.predictions.monitoring.gauges import MonitorGauges
from valuebox.predictions.monitoring.keeping import latest
from valuebox.predictions.monitoring.watched import Watched
from valuebox.predictions.sums.folding import Folding
from valuebox.store.clock import CLOCK
from valuebox.store.deadline import within
from valuebox.store.engine import Store
from valuebox.worker.repeating import Repeating

FIRST_SECONDS: Final = 1.0
EVERY_SECONDS: Final = 15.0
_LOOK_SECONDS: Final = 10.0


def upkeep(
    store: Store, foldings: Sequence[Folding], watched: Sequence[Watched], gauges: MonitorGauges
) -> Repeating:
    """What adds new rows and outcomes to the sums, and shows the last results of monitoring.

    It also compares this machine's clock with the database's.

    Several workers may do so at the same time: one of them adds, the others do not wait for it.

    Args:
        store: The database.
        foldings: Of each ledger, in that database.
        watched: What is monitored.
        gauges: Tell the results of monitoring.
    """
    skew = _skew()

    def look() -> None:
        with within(_LOOK_SECONDS), store.reading() as session:
            skew.set(abs(CLOCK.compare(session)))
            found = {one.name: latest(session, one.results) for one in watched}
        gauges.show({name: result for name, result in found.items() if result is not None})

    def keep_up(stop: Event) -> None:
        with ExitStack() as whatever_fails:
            # Last in, first out: each goes on when another compartment's sums cannot be added to,
            # or another version of valuebox has stored a result that this one cannot read.
            for folding in reversed(foldings):
                whatever_fails.callback(folding.fold, stop)
            look()

    failed = "sums could not be kept up to date; tried again until they can"
    return Repeating("upkeep", keep_up, FIRST_SECONDS, EVERY_SECONDS, failed)


@cache
def _skew() -> Gauge:
    return Gauge(
        "valuebox_clock_skew_seconds",
        "Between this machine's clock and the database's.",
        multiprocess_mode="livemax",
    )
