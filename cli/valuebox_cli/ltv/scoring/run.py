"""A whole file through the model: every core checks and predicts, while batches come and go."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from valuebox.compartments.ltv.files import BadFile, Problems, checked
from valuebox.compartments.ltv.model import LtvModel
from valuebox.errors import ValueboxError
from valuebox.statistics.reach import Beyond
from valuebox_cli.ltv.scoring.parts import SCHEMA, Parts
from valuebox_cli.ltv.scoring.source import Source, source
from valuebox_cli.terminal.console import Interrupted

if TYPE_CHECKING:
    from distributed import Client

# Per worker: one batch is worked on, and one waits.
_AHEAD: Final = 2


@dataclass(frozen=True)
class Scored:
    """How many users are in the output, and which model predicted them."""

    users: int
    model: str
    warnings: list[str]
    """What makes predictions of this run doubtful, in sentences."""


def score(
    file: Path,
    out: Path,
    tag: str,
    batch_size: int,
    fresh: bool = False,
    advanced: Callable[[int, int | None], None] = lambda done, total: None,
    client: "Client | None" = None,
    strict: bool = False,
    warned: Callable[[Sequence[str]], None] = lambda told: None,
) -> Scored:
    """Predict every user of a file as the service would, and write what it would answer.

    What an earlier call with the same arguments has left unfinished is not done again.

    Args:
        file: CSV, Parquet or a folder of it.
        out: CSV or Parquet: `user_id, prediction, lower, upper, model`, in the order of the file.
        tag: Of the model, exact or a name for its newest version.
        batch_size: Users that are predicted, written and, after an interruption, lost at once.
        fresh: Throw away what an earlier call has left.
        advanced: Told (users done, users in all where that is known) after every batch.
        client: Of a Dask cluster that checks and predicts; None does it here, on all cores.
        strict: Whether a file is refused that lacks a feature of the model.
        warned: Told what is strange about the columns of the file, before anything is predicted.

    Raises:
        BadFile: when the file cannot be used, naming rows and columns; `out` is as it was.
        OtherRun: when something else was left unfinished.
        registry.ArtifactMissing, registry.ArtifactRefused: when the model cannot be loaded.
        Interrupted: by Ctrl-C, saying how to go on.
    """
    model = LtvModel.load(tag)
    users = source(file, model.shape, strict)
    if out.exists() and out.samefile(file):
        raise ValueboxError(f"{out}: is the input")
    if file.is_dir() and out.absolute().is_relative_to(file.absolute()):
        raise ValueboxError(f"{out}: lies in the input")
    parts = Parts(out, {"input": users.fingerprint(), "model": model.tag, "batch size": batch_size})
    run = _Run(users, parts, parts.begin(fresh), advanced)
    warned(users.file.warnings())
    with _pool(client, model) as pool:
        try:
            run.all_batches(pool, batch_size)
        except KeyboardInterrupt:
            raise Interrupted(
                f"interrupted; {run.users:,} users are scored, the same command goes on from there"
            ) from None
        except BadFile:
            # Once it is mended it is another file.
            parts.discard()
            raise
    parts.finish(run.batches, run.users)
    return Scored(run.users, model.tag, model.paid.reach.warnings(run.beyond, counted_from=1))


class Batch(NamedTuple):
    """What the model says of a batch, and what is wrong with it or strange about it."""

    predictions: pa.Table
    """Predictions in `SCHEMA`; empty where something is wrong."""
    problems: Problems
    beyond: Beyond = Beyond()
    """Users beyond what was learned from; rows are those of the file."""


def score_batch(model: LtvModel, users: pa.Table, rows_before: int, predict: bool = True) -> Batch:
    """What the model says of one batch, or what is wrong with it.

    Args:
        model: See `LtvModel`.
        users: See `Source.batches`.
        rows_before: Rows of the file above the batch.
        predict: Whether to do more than check.
    """
    ids, columns, problems = checked(users, rows_before, model.shape)
    if problems or not predict:
        return Batch(SCHEMA.empty_table(), problems)
    tags = pa.DictionaryArray.from_arrays(np.zeros(len(ids), dtype=np.int32), [model.tag])
    predictions = pa.table([ids, *model.estimate(columns), tags], schema=SCHEMA)
    users_, first = model.paid.reach.beyond(columns.get("STV"))
    return Batch(predictions, problems, Beyond(users_, rows_before + first))


class _Pool(NamedTuple):
    """What predicts: threads of this process, or a Dask cluster."""

    executor: Executor
    model: Any
    """The model as tasks take it: itself, or where it is on the cluster."""
    workers: int
    """Number of batches that are predicted side by side."""


@contextmanager
def _pool(client: "Client | None", model: LtvModel) -> Iterator[_Pool]:
    if client is None:
        cores = os.cpu_count() or 1
        with ThreadPoolExecutor(cores) as threads:
            yield _Pool(threads, model, cores)
    else:
        # Once to every worker, rather than with every batch.
        there = client.scatter(model, broadcast=True)
        with client.get_executor(pure=False) as executor:
            yield _Pool(executor, there, sum(client.nthreads().values()))


class _Run:
    """Batches on their way, in file order: read ahead, predicted side by side, written."""

    def __init__(
        self,
        source: Source,
        parts: Parts,
        done: set[int],
        advanced: Callable[[int, int | None], None],
    ):
        self.users = 0
        """Predicted and written, up to the first batch that is not."""
        self.batches = 0
        self.beyond = Beyond()
        """The users that this run predicted."""
        self._source, self._parts = source, parts
        self._done, self._advanced = done, advanced
        self._problems = Problems()
        self._waiting: deque[tuple[int, Future[Batch] | None]] = deque()

    def all_batches(self, pool: _Pool, batch_size: int) -> None:
        """Read, predict and write, up to the end or to what is in the way of it."""
        try:
            self._hand_out(pool, batch_size)
            while self._waiting:
                self._take()
        finally:
            for _, task in self._waiting:
                if task:
                    task.cancel()
        self._problems.raise_for(self._source.path)
        if not self.users:
            raise BadFile(f"{self._source.path}: holds no users, only a header")

    def _hand_out(self, pool: _Pool, batch_size: int) -> None:
        rows = 0
        for number, users in enumerate(self._source.batches(batch_size)):
            task = None
            if number not in self._done:
                # After the first problem nothing is written any more, but all problems are named.
                predict = not self._problems
                task = pool.executor.submit(score_batch, pool.model, users, rows, predict)
            self._waiting.append((users.num_rows, task))
            rows += users.num_rows
            while len(self._waiting) > _AHEAD * pool.workers:
                self._take()

    def _take(self) -> None:
        rows, task = self._waiting[0]
        if task:
            batch = task.result()
            self._problems.update(batch.problems)
            self.beyond = self.beyond.and_then(batch.beyond)
            if not self._problems:
                self._parts.write(self.batches, batch.predictions)
        self._waiting.popleft()
        self.batches += 1
        self.users += rows
        self._advanced(self.users, self._source.users)
