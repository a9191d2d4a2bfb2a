"""The requests that are sent, in the form that each contender takes, and what it answers."""

import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from benchmarks.serving.load import PLACEHOLDER
from numpy.typing import NDArray

from valuebox.compartments.ltv.files import COLUMNS, read_users

Users = dict[str, list[Any]]
"""Columns of one request, as JSON holds them."""
Form = Literal["rows", "columns", "tensors", "split"]

ANSWERED: Final = ("prediction", "lower", "upper")
# Enough that a processor's caches do not learn them by heart.
CYCLE: Final = {1: 500, 100: 50, 1_000: 20, 10_000: 6}
_DATATYPES: Final = {
    "user_id": "INT64",
    "STV": "FP64",
    "hidden": "INT64",
    "is_lp": "INT64",
    "is_cancelled": "INT64",
}


def known_users(path: Path) -> pd.DataFrame:
    """Users of a file that have every column: tensors cannot hold a missing value."""
    users = read_users(path)[list(COLUMNS)].dropna()
    users["join_date"] = users["join_date"].dt.strftime("%Y-%m-%d %H:%M:%S")
    flags = ["hidden", "is_lp", "is_cancelled"]
    return users.astype(dict.fromkeys(flags, int))


def draw(users: pd.DataFrame, rows: int, seed: int, first_id: int = 1) -> Iterator[Users]:
    """Requests of `rows` users each, every one with an id of its own."""
    rng = np.random.default_rng(seed)
    for first in itertools.count(first_id, rows):
        drawn = users.iloc[rng.integers(len(users), size=rows)]
        drawn = drawn.assign(user_id=np.arange(first, first + rows))
        yield {str(name): values.tolist() for name, values in drawn.items()}


def _rows(users: Users) -> Any:
    return [dict(zip(users, row, strict=True)) for row in zip(*users.values(), strict=True)]


def _tensors(users: Users) -> Any:
    """The Open Inference Protocol, version 2."""
    return {
        "inputs": [
            {
                "name": name,
                "shape": [len(values), 1],
                "datatype": _DATATYPES.get(name, "BYTES"),
                "data": values,
            }
            for name, values in users.items()
        ]
    }


def _split(users: Users) -> Any:
    """A DataFrame as pandas and MLflow split it."""
    rows = [list(row) for row in zip(*users.values(), strict=True)]
    return {"dataframe_split": {"columns": list(users), "data": rows}}


_WRITTEN: Final[dict[Form, Callable[[Users], Any]]] = {
    "rows": _rows,
    "columns": lambda users: users,
    "tensors": _tensors,
    "split": _split,
}


def written(form: Form, users: Users) -> bytes:
    """The body that asks about `users`."""
    return json.dumps(_WRITTEN[form](users), separators=(",", ":")).encode()


def read(form: Form, answer: bytes) -> NDArray[np.float64]:
    """What was answered of each user: `ANSWERED`, `(n_users, 3)`, in the currency of `STV`."""
    told = json.loads(answer)
    if form == "columns":
        return np.column_stack([told[name] for name in ANSWERED])
    if form == "tensors":
        by_name = {output["name"]: output["data"] for output in told["outputs"]}
        return np.column_stack([by_name[name] for name in ANSWERED])
    each = told["predictions"] if form == "split" else told
    return np.array([[one[name] for name in ANSWERED] for one in each])


def put(folder: Path, users: pd.DataFrame, form: Form, rows: int) -> Path:
    """A file of bodies, one a line; the same users for every form."""
    path = folder / f"{form}-{rows}.jsonl"
    if not path.exists():
        asked = itertools.islice(draw(users, rows, seed=rows), CYCLE[rows])
        path.write_bytes(b"\n".join(written(form, one) for one in asked))
    return path


def put_anew(folder: Path, users: pd.DataFrame, form: Form, rows: int) -> None:
    """A file of one body that can be sent again and again, and yet of nobody twice.

    Ids begin with `PLACEHOLDER`, which stands nowhere else, and end in the user's place.

    Args:
        folder: For the file.
        users: Who is drawn from.
        form: Of the body.
        rows: In it, a power of ten.

    Raises:
        ValueError: when the placeholder stands elsewhere as well.
    """
    body = written(form, next(draw(users, rows, rows, PLACEHOLDER * rows)))
    if body.count(str(PLACEHOLDER).encode()) != rows:
        raise ValueError(f"{PLACEHOLDER} is not found in ids alone")
    (folder / f"{form}-{rows}-anew.jsonl").write_bytes(body)
