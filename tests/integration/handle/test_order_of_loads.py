"""Loads in any order tell the same of every moment; on both databases."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

from sqlalchemy import or_, select

from valuebox.compartments.handle.loading import Load, store_load
from valuebox.compartments.handle.tables import HandleBet, HandleMatch, HandleUser
from valuebox.store.engine import Store
from valuebox.store.writing import Rows

FIRST = datetime(2026, 5, 20, 5, tzinfo=UTC)
NIGHTS = ({"a": 10.0, "b": 5.0}, {"a": 20.0, "c": 1.0}, {"a": 30.0, "b": 5.0, "d": 2.0})
"""Amounts of bets by night."""


def put(store: Store, night: int, name: str) -> None:
    """Load the bets of a night, whose ids begin with a name."""
    at, amounts = FIRST + timedelta(days=night), NIGHTS[night]
    own = {
        "id": [f"{name}-{one}" for one in amounts],
        **{"match_id": "m", "user_id": "u", "placed_at": FIRST, "placed_hour": 1.0},
        **{"amount": list(amounts.values()), "state": f"after {night}", "counts": True},
    }
    bets = Rows(HandleBet, len(amounts), own)
    with store.writing() as session:
        store_load(session, Load(Rows(HandleMatch, 0, {}), Rows(HandleUser, 0, {}), bets, {}), at)


def known(store: Store, night: int, name: str) -> dict[str, float]:
    """The bets that counted after a night."""
    bet, at = HandleBet, FIRST + timedelta(days=night, hours=3)
    counts = (bet.loaded_at <= at, or_(bet.replaced_at.is_(None), bet.replaced_at > at))
    query = select(bet.id, bet.amount).where(bet.id.startswith(f"{name}-"), *counts)
    with store.reading() as session:
        rows = session.execute(query).all()
    assert len({id_ for id_, _ in rows}) == len(rows)
    return {id_.removeprefix(f"{name}-"): amount for id_, amount in rows}


def test_loads_in_any_order_tell_the_same_of_every_moment(store: Store) -> None:
    for order in permutations(range(len(NIGHTS))):
        name = "".join(map(str, order))
        for night in (*order, order[0]):
            put(store, night, name)
        so_far: dict[str, float] = {}
        for night, amounts in enumerate(NIGHTS):
            so_far |= amounts
            assert known(store, night, name) == so_far, order
        # What has become of a bet is as the newest load has it.
        newest = select(HandleBet.state).where(HandleBet.id == f"{name}-d")
        with store.reading() as session:
            assert session.scalars(newest).all() == ["after 2"]
