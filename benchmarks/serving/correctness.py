"""Whoever is timed has to be right first."""

import json

import numpy as np
from benchmarks.serving.bodies import read
from benchmarks.serving.databases import Database
from benchmarks.serving.models import Model
from benchmarks.serving.running import Load, Running

SIZES = (1, 100)


class IsWrong(AssertionError):
    """A contender predicts something else than the model, or does not store what it says."""


def check(served: Running, model: Model, database: Database | None) -> None:
    """Ask it, compare what it says with the model, and what it stored with what it says.

    Raises:
        IsWrong: where one differs.
    """
    name = served.contender.name
    if database:
        database.empty()
    said: list[tuple[int, float]] = []
    for rows in SIZES:
        users = served.first_users(rows)
        answered = read(served.contender.form, served.ask(rows))
        expected = model.expected(users)
        if answered.shape != expected.shape:
            raise IsWrong(f"{name} answers {answered.shape} instead of {expected.shape}")
        # Summing trees may differ in the last float32 bits.
        if not np.allclose(answered, expected, rtol=1e-5, atol=1e-5):
            raise IsWrong(f"{name} predicts otherwise by {np.abs(answered - expected).max()}")
        said += zip((one["user_id"] for one in json.loads(users)), answered[:, 0], strict=True)
    if database and sorted(said) != (stored := database.stored()):
        raise IsWrong(f"{name} stores {len(stored)} predictions, not the {len(said)} it answers")


def check_stored(name: str, database: Database, load: Load, rows: int) -> None:
    """Compare how many rows are stored with how many were answered since there were none.

    Args:
        name: Of the contender.
        database: That was emptied before it was measured.
        load: What was measured.
        rows: In each request.

    Raises:
        IsWrong: where they differ, although every request was answered.
    """
    if not load.errors and database.count() != load.rows(rows):
        raise IsWrong(f"{name} stores {database.count()} rows, and answers {load.rows(rows)}")
