"""Customers who respond, made up, without a database."""

import numpy as np

from valuebox.facts.labels import Labels
from valuebox.facts.reading import CustomerColumns, EventColumns, FactColumns

AT = np.datetime64("2024-06-01", "us")
TYPES, CATEGORIES = ["bought", "like", "nothing"], ["thai", "french"]


def coded(texts: list[str | None], names: list[str]) -> Labels:
    return Labels(np.array([-1 if t is None else names.index(t) for t in texts], "i4"), names)


def made(
    happened: list[tuple[int, str, str | None, float]],
    told: list[dict[str, object] | None],
    joined: list[float | None],
) -> FactColumns:
    """Events as customer, type, category and days before `AT`; customers joined so long before."""
    who, types, categories, days = zip(*happened, strict=True)
    n = len(told)
    day = np.timedelta64(1, "D")
    created = np.array(
        [np.datetime64("NaT") if j is None else AT - np.timedelta64(int(j), "D") for j in joined]
    )
    return FactColumns(
        CustomerColumns(
            Labels(np.zeros(n, dtype="i4"), ["shop"]),
            np.array([str(one) for one in range(n)], dtype=object),
            created.astype("datetime64[us]"),
            told,
        ),
        EventColumns(
            np.array(who, dtype="i4"),
            coded(list(types), TYPES),
            AT - (np.array(days) * (day / np.timedelta64(1, "us"))).astype("timedelta64[us]"),
            np.full(len(who), np.nan),
            coded(list(categories), CATEGORIES),
        ),
    )


def world(seed: int, n: int = 600) -> FactColumns:
    """Half a year in which customers who told `keen` buy thai food, and others do little."""
    rng = np.random.default_rng(seed)
    keen = rng.random(n) < 0.3
    events = []
    for who in range(n):
        for _ in range(rng.poisson(4 if keen[who] else 0.7)):
            kind = str(rng.choice(TYPES[:2], p=[0.7, 0.3] if keen[who] else [0.2, 0.8]))
            dish = "thai" if rng.random() < (0.9 if keen[who] else 0.5) else "french"
            events.append((who, kind, dish, float(rng.uniform(0, 180))))
    shared = ({"keen": True, "age": 30}, {"keen": False, "age": 30})
    told = [{**shared[not one], "age": int(rng.integers(20, 60))} for one in keen]
    return made(events, told, [200.0] * n)
