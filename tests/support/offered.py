"""Made-up decisions of offers, whose players like what their country likes."""

import numpy as np

from valuebox.compartments.offers.decisions import DAY, WEEK, Decisions
from valuebox.features.declared.columns import Coded, Column

TYPES = ("coins", "gems", "xmas")
COUNTRIES = ("DE", "FR")
START = 1_500_000_000_000_000


def features_of(country: np.ndarray, spent: np.ndarray) -> dict[str, Column]:
    return {"country": Coded(country, list(COUNTRIES)), "prev_week.purchases_amount": spent}


def made_decisions(count: int = 6_000, days: int = 20, seed: int = 1) -> Decisions:
    """Three offers at a time, chosen uniformly: coins are liked in DE, and gems in FR."""
    draw = np.random.default_rng(seed)
    customer = draw.integers(0, count // 8, count)
    time = np.sort(START + (draw.random(count) * days * DAY).astype(np.int64))
    country = customer % 2
    spent = np.round(draw.gamma(0.3, 10.0, count), 2)
    price = draw.choice([1.99, 4.99, 9.99], (count, 3))
    choice = draw.integers(0, 3, count)
    dear = price[np.arange(count), choice]
    likes = np.where(choice == 2, -2.5, np.where(choice == country, -0.2, -2.8))
    bought = draw.random(count) < 1 / (1 + np.exp(-likes + 0.1 * dear))
    left = START + days * DAY - time
    return Decisions(
        customer=customer,
        time=time,
        features=features_of(country, spent),
        begins=np.arange(count + 1) * 3,
        type=Coded(np.tile(np.arange(3), count), list(TYPES)),
        price=price.ravel(),
        propensity=np.full(3 * count, 1 / 3),
        choice=choice,
        shown=np.ones(count, dtype=bool),
        own=np.where(bought, dear, 0.0),
        rest=np.round(draw.gamma(0.2, 10.0, count), 2) * np.minimum(left / WEEK, 1),
        observed=np.minimum(left, WEEK).astype(np.float64),
    )


NOW = START + 20 * DAY
