"""What counting costs a request: all that is done for /metrics, and nothing else.

    python -m benchmarks.speed.metrics_cost

Takes the model named `ltv` from the model store.
"""

import os
import timeit
from collections.abc import Callable
from typing import Any

# As BentoML does for its workers; looked for when the client library is first imported.
os.environ["PROMETHEUS_MULTIPROC_DIR"] = ""

import numpy as np

from valuebox.compartments.ltv.counting import UserTally
from valuebox.compartments.ltv.features import FEATURES
from valuebox.compartments.ltv.model import GOLDEN_USERS, LtvModel
from valuebox.serving import telemetry
from valuebox.serving.exchange import Exchange, Stage
from valuebox.worker import shared_folder

STAGES: tuple[Stage, ...] = ("parse", "encode", "predict", "store")


def counting(model: LtvModel, tally: UserTally, users: int) -> Callable[[], None]:
    """A function that counts a request with so many users, as a worker does."""
    features: dict[str, list[Any]] = {
        name: (GOLDEN_USERS[name][:4] * users)[:users] for name in FEATURES
    }
    matrix = model.encoder.transform(features)
    prediction = np.abs(model.predict(features))

    def count() -> None:
        exchange.spent.clear()
        for stage in STAGES:
            with exchange.timing(stage):
                pass
        exchange.counts = tally.of(features, matrix, prediction)
        telemetry.traffic().answered("/v1/ltv/predict", 200, None, 0.002, exchange)

    exchange = Exchange(rows=users)
    return count


def main() -> None:
    """Print microseconds for requests of several sizes."""
    shared_folder.prepare()
    telemetry.begin()
    model = LtvModel.load("ltv")
    tally = UserTally(model)
    for users in (1, 10, 1_000, 10_000):
        count = counting(model, tally, users)
        times = max(10, 20_000 // users)
        seconds = min(timeit.repeat(count, number=times, repeat=7)) / times
        print(f"{users:6} users: {1e6 * seconds:6.1f} µs")


if __name__ == "__main__":
    main()
