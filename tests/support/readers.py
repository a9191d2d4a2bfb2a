"""What the readers of user files make of a file: those of `train`, `evaluate` and of `score`."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from valuebox.compartments.ltv.features import FEATURES
from valuebox.compartments.ltv.files import BadFile, Problems, checked, read_users
from valuebox_cli.ltv.scoring.source import source

Read = dict[str, list[Any]]


def whole(file: Path) -> Read:
    """The users of a file as `train` and `evaluate` read them."""
    users = read_users(file)
    return {name: nothing_missing(users[name].tolist()) for name in ("user_id", *FEATURES)}


def in_batches(file: Path, size: int) -> Read:
    """The users of a file as `score` reads them."""
    problems, rows = Problems(), 0
    found: Read = {}
    for users in source(file).batches(size):
        ids, columns, more = checked(users, rows)
        problems.update(more)
        rows += users.num_rows
        for name in FEATURES:
            values = columns.get(name, [None] * len(ids))
            found.setdefault(name, []).extend(nothing_missing(np.asarray(values, object).tolist()))
        found.setdefault("user_id", []).extend(ids.tolist())
    problems.raise_for(file)
    if not rows:
        raise BadFile(f"{file}: holds no users, only a header")
    return found


def nothing_missing(values: list[Any]) -> list[Any]:
    """NaN and None are both missing, and equal to themselves."""
    return [None if value is None or value != value else value for value in values]


def read(file: Path, batch_size: int = 10_000) -> Read | str:
    """The users of a file, or why it is refused, which all readers agree on."""
    outcomes: list[Read | str] = []
    for way in (whole, partial(in_batches, size=batch_size)):
        try:
            outcomes.append(way(file))
        except BadFile as error:
            outcomes.append(str(error).removeprefix(f"{file}: "))
    one, other = outcomes
    assert one == other
    return one
