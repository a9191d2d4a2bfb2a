"""Three public sets of sessions, as files of a folder."""

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuebox.compartments.recommend.ranking.setting import DAY, Setting
from valuebox_training.recommend.questions import Question

AS_THEY_ARE: Final = Setting(gap=1e9, bots=None)
"""The sets have their sessions already, and no others are made of them."""
_BETWEEN: Final = 30.0
"""Seconds between clicks in sets that have no times."""


@dataclass(frozen=True)
class Sessions:
    """A set: clicks to learn from, and questions of the time after them."""

    sessions: NDArray[np.int64]
    items: NDArray[np.int32]
    times: NDArray[np.float64]
    ids: list[str]
    questions: list[Question]
    """Items that were not learned from have codes below 0, each its own."""


def clicks(folder: Path) -> Sessions:
    """Seven days of a shop and the day after, with times."""
    train = pd.read_csv(folder / "clicks_train.tsv", sep="\t", dtype={"ItemId": str})
    test = pd.read_csv(folder / "clicks_test.tsv", sep="\t", dtype={"ItemId": str})
    items, ids = pd.factorize(train["ItemId"])
    codes = {item: code for code, item in enumerate(ids)}
    test = test.sort_values(["SessionId", "Time"], kind="stable")
    questions = []
    for session, own in test.groupby("SessionId"):
        seen = [codes.setdefault(item, -1 - len(codes)) for item in own["ItemId"]]
        questions += [
            Question(int(session), seen[:place], seen[place]) for place in range(1, len(seen))
        ]
    return Sessions(
        train["SessionId"].to_numpy(np.int64),
        items.astype(np.int32),
        train["Time"].to_numpy(float),
        ids.tolist(),
        questions,
    )


def in_lines(folder: Path, name: str, days: float) -> Sessions:
    """A set with a session a line, in order of time; sessions are spread evenly over its days."""
    with gzip.open(folder / f"{name}_train.txt.gz", "rt") as file:
        lines = [line.split() for line in file]
    lengths = [len(line) for line in lines]
    items, ids = pd.factorize(np.array([item for line in lines for item in line], dtype=object))
    codes = {item: code for code, item in enumerate(ids)}
    sessions = np.repeat(np.arange(len(lines)), lengths)
    place = np.arange(len(items)) - np.repeat(np.cumsum([0, *lengths[:-1]]), lengths)
    times = sessions * (days * DAY / len(lines)) + place * _BETWEEN
    questions = []
    with gzip.open(folder / f"{name}_test.txt.gz", "rt") as file:
        for number, line in enumerate(file):
            *seen, after = [codes.setdefault(item, -1 - len(codes)) for item in line.split()]
            questions.append(Question(number, seen, after))
    return Sessions(sessions, items.astype(np.int32), times, list(ids), questions)


SETS: Final[dict[str, Callable[[Path], Sessions]]] = {
    "clicks": clicks,
    "diginetica": lambda folder: in_lines(folder, "diginetica", 150),
    "retailrocket": lambda folder: in_lines(folder, "retailrocket", 138),
}
