"""Users as requests hold them."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from valuebox.compartments.ltv import repository
from valuebox.compartments.ltv.columns import Estimates, UserColumns
from valuebox.compartments.ltv.schemas import User, Users
from valuebox.store.ids import Ids, ids_from
from valuebox.store.writing import write

COMPLETE = {
    "user_id": 1369584,
    "join_date": "2019-08-01 00:00:21",
    "hidden": 0,
    "STV": 16.277625,
    "credit_card_level": "standard",
    "is_lp": 1,
    "aff_type": "PPS",
    "is_cancelled": 0,
    "country_segment": "US",
}
OPTIONAL = [name for name in COMPLETE if name not in ("user_id", "join_date")]


def user(user_id: int = 1369584, **columns: Any) -> dict[str, Any]:
    """A user with every column; `columns` replace some or come on top."""
    return {**COMPLETE, "user_id": user_id, **columns}


def users(
    count: int, first_id: int = 1, missing: float = 0.0, seed: int = 0
) -> list[dict[str, Any]]:
    """Different users in no order of ids, with a share of the optional values missing.

    Args:
        count: How many.
        first_id: The smallest `user_id`.
        missing: Probability that an optional value is null or, half as often, absent.
        seed: Of all of it.
    """
    rng = np.random.default_rng(seed)
    made = [
        {
            "user_id": first_id + int(number),
            "join_date": f"2019-07-{1 + int(number) % 31:02d} 12:00:00",
            "hidden": int(rng.integers(2)),
            "STV": float(rng.choice([0.3975, 1.1925, 15.880125, 16.277625])),
            "credit_card_level": str(rng.choice(["standard", "prepaid"])),
            "is_lp": int(rng.integers(2)),
            "aff_type": str(rng.choice(["PPL", "PPS", "Other"])),
            "is_cancelled": int(rng.integers(2)),
            "country_segment": str(rng.choice(["US", "AU", "RU", "GB", "CA"])),
        }
        for number in rng.permutation(count)
    ]
    for one in made:
        for name in OPTIONAL:
            draw = rng.random()
            if draw < missing / 3:
                del one[name]
            elif draw < missing:
                one[name] = None
    return made


def received(sent: list[dict[str, Any]]) -> UserColumns:
    """The same users as they are stored."""
    return UserColumns.of([Users.model_construct([User.model_validate(one) for one in sent])])


def estimates(*predictions: float) -> Callable[[], Estimates]:
    """What a model may have said of as many users, each with an interval of its own."""
    values = np.array(predictions, dtype=np.float64)
    return lambda: Estimates(values, values - 0.25, values + 0.5)


def add_predictions(
    session: Session,
    request_id: UUID,
    users: UserColumns,
    estimates: Callable[[], Estimates],
    model: str,
) -> Ids:
    """Store what `new_predictions` makes of the same arguments; returns the ids of predictions."""
    ids = ids_from(request_id, len(users))
    write(session, repository.new_predictions(ids, request_id, users, estimates, model))
    return ids
