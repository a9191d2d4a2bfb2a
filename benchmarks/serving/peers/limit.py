"""The limit: parse, predict, store and serialise in one process, without HTTP.

Takes orders from standard input: as many threads as there would be connections, each with a
connection to the database of its own, do the work of one request after the other.
"""

import itertools
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
from scoring import from_environment
from storing import FEATURES, Writer

WARM_SECONDS = 0.5


class User(msgspec.Struct):
    """A user as it is sent."""

    user_id: int
    join_date: str
    hidden: int | None = None
    STV: float | None = None
    credit_card_level: str | None = None
    is_lp: int | None = None
    aff_type: str | None = None
    is_cancelled: int | None = None
    country_segment: str | None = None


class Prediction(msgspec.Struct):
    """A prediction as it is answered."""

    user_id: int
    prediction: float
    lower: float
    upper: float
    model: str
    prediction_id: str


class Limit:
    """What no server that does the same work in one process can be much faster than."""

    def __init__(self) -> None:
        self._decoder = msgspec.json.Decoder(list[User])
        self._encoder = msgspec.json.Encoder()
        self._score = from_environment()
        self._writer = Writer()
        # They live on, and so do their connections.
        self._pool = ThreadPoolExecutor(max_workers=64)

    def answer(self, body: bytes) -> bytes:
        """What is answered to a body."""
        users = map(msgspec.structs.astuple, self._decoder.decode(body))
        columns: dict[str, Any] = dict(zip(FEATURES, zip(*users, strict=True), strict=True))
        scores = self._score(columns)
        tag = self._score.tag
        ids = self._writer.write(columns, scores, tag)
        tags = itertools.repeat(tag)
        answers = map(Prediction, columns["user_id"], *scores, tags, ids)
        return self._encoder.encode(list(answers))

    def work(self, bodies: list[bytes], connections: int, seconds: float) -> dict[str, Any]:
        """As long as told, in threads; at least one body in each."""
        latencies: list[float] = []
        cycle = itertools.cycle(bodies)
        begun = time.perf_counter()

        def one_thread() -> None:
            before = begun
            while True:
                self.answer(next(cycle))
                now = time.perf_counter()
                latencies.append(now - before)
                if now >= begun + seconds:
                    return
                before = now

        for working in [self._pool.submit(one_thread) for _ in range(connections)]:
            working.result()
        return {"latencies": latencies, "errors": 0, "seconds": time.perf_counter() - begun}


def main() -> None:
    """Obey until standard input ends: answer bodies, or be measured with them."""
    limit = Limit()
    print("ready", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        bodies = Path(order["bodies"]).read_bytes().splitlines()
        if "seconds" not in order:
            print(limit.answer(bodies[order["number"]]).decode(), flush=True)
            continue
        connections, seconds = order["connections"], order["seconds"]
        single = Path(order["single"]).read_bytes().splitlines()
        warm = limit.work(single, connections, WARM_SECONDS), limit.work(bodies, 1, 0)
        print("warm", flush=True)
        sys.stdin.readline()
        found = limit.work(bodies, connections, seconds)
        found["warmed"] = [len(one["latencies"]) for one in warm]
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
