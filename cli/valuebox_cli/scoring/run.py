"""A whole file through the model: every core checks and predicts, while batches come and go."""

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from valuebox.errors import ValueboxError
from valuebox.ltv.files import BadFile, Problems
from valuebox.ltv.model import LtvModel
from valuebox_cli.console import Interrupted
from valuebox_cli.scoring.checks import checked
from valuebox_cli.scoring.parts import SCHEMA, Parts
from valuebox_cli.scoring.source import Source, source

# Per core: one is worked on, and one waits.
_AHEAD: Final = 2


@dataclass(frozen=True)
class Scored:
    """How many users are in the output, and which model predicted them."""

    users: int
    model: str


def score(
    file: Path,
    out: Path,
    tag: str,
    batch_size: int,
    fresh: bool = False,
    advanced: Callable[[int, int | None], None] = lambda done, total: None,
) -> Scored:
    """Predict every user of a file as the service would, and write what it would answer.

    What an earlier call with the same arguments has left unfinished is not done again.

    Args:
        file: CSV or Parquet.
        out: CSV or Parquet: `user_id, prediction, lower, upper, model`, in the order of the file.
        tag: Of the model, exact or a name for its newest version.
        batch_size: Users that are predicted, written and, after an interruption, lost at once.
        fresh: Throw away what an earlier call has left.
        advanced: Told (users done, users in all where that is known) after every batch.

    Raises:
        BadFile: when the file cannot be used, naming rows and columns; `out` is as it was.
        OtherRun: when something else was left unfinished.
        registry.ArtifactMissing, registry.ArtifactRefused: when the model cannot be loaded.
        Interrupted: by Ctrl-C, saying how to go on.
    """
    users = source(file)
    if out.exists() and out.samefile(file):
        raise ValueboxError(f"{out}: is the input")
    model = LtvModel.load(tag)
    parts = Parts(out, {"input": users.fingerprint(), "model": model.tag, "batch size": batch_size})
    cores = os.cpu_count() or 1
    with ThreadPoolExecutor(cores) as pool:
        run = _Run(users, model, parts, parts.begin(fresh), advanced)
        try:
            run.all_batches(pool, batch_size, _AHEAD * cores)
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)
            raise Interrupted(
                f"interrupted; {run.users:,} users are scored, the same command goes on from there"
            ) from None
        except BadFile:
            # Once it is mended it is another file.
            parts.discard()
            raise
    parts.finish(run.batches)
    return Scored(run.users, model.tag)


def score_batch(
    model: LtvModel, users: pa.Table, rows_before: int, predict: bool = True
) -> tuple[pa.Table, Problems]:
    """What the model says of one batch, or what is wrong with it.

    Args:
        model: See `LtvModel`.
        users: See `Source.batches`.
        rows_before: Rows of the file above the batch.
        predict: Whether to do more than check.

    Returns:
        A table of `SCHEMA`, empty where something is wrong, and what that is.
    """
    ids, columns, problems = checked(users, rows_before)
    if problems or not predict:
        return SCHEMA.empty_table(), problems
    predictions = model.predict(columns)
    lower, upper = model.interval(predictions, columns)
    tags = pa.DictionaryArray.from_arrays(np.zeros(len(ids), dtype=np.int32), [model.tag])
    return pa.table([ids, predictions, lower, upper, tags], schema=SCHEMA), problems


class _Run:
    """Batches on their way, in file order: read ahead, predicted side by side, written."""

    def __init__(
        self,
        source: Source,
        model: LtvModel,
        parts: Parts,
        done: set[int],
        advanced: Callable[[int, int | None], None],
    ):
        self.users = 0
        """Predicted and written, up to the first batch that is not."""
        self.batches = 0
        self._source, self._model, self._parts = source, model, parts
        self._done, self._advanced = done, advanced
        self._problems = Problems()
        self._waiting: deque[tuple[int, Future[tuple[pa.Table, Problems]] | None]] = deque()

    def all_batches(self, pool: Executor, batch_size: int, ahead: int) -> None:
        rows = 0
        for number, users in enumerate(self._source.batches(batch_size)):
            # After the first problem nothing is written any more, but all problems are named.
            task = None
            if number not in self._done:
                task = pool.submit(score_batch, self._model, users, rows, not self._problems)
            self._waiting.append((users.num_rows, task))
            rows += users.num_rows
            while len(self._waiting) > ahead:
                self._take()
        while self._waiting:
            self._take()
        self._problems.raise_for(self._source.path)
        if not rows:
            raise BadFile(f"{self._source.path}: holds no users, only a header")

    def _take(self) -> None:
        rows, task = self._waiting[0]
        if task:
            predictions, problems = task.result()
            self._problems.update(problems)
            if not self._problems:
                self._parts.write(self.batches, predictions)
        self._waiting.popleft()
        self.batches += 1
        self.users += rows
        self._advanced(self.users, self._source.users)
