"""Whoever is timed has to be right first."""

import numpy as np
from benchmarks.serving.bodies import read
from benchmarks.serving.databases import Database
from benchmarks.serving.models import Model
from benchmarks.serving.running import Running

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
    sum_answered = 0.0
    for rows in SIZES:
        answered = read(served.contender.form, served.ask(rows))
        expected = model.expected(served.first_users(rows))
        if answered.shape != expected.shape:
            raise IsWrong(f"{name} answers {answered.shape} instead of {expected.shape}")
        # Summing trees may differ in the last float32 bits.
        if not np.allclose(answered, expected, rtol=1e-5, atol=1e-5):
            raise IsWrong(f"{name} predicts otherwise by {np.abs(answered - expected).max()}")
        sum_answered += float(answered[:, 0].sum())
    if database:
        count, total = database.stored()
        if count != sum(SIZES) or not np.isclose(total, sum_answered):
            raise IsWrong(f"{name} stores {count} rows of {total}, and answers {sum_answered}")
