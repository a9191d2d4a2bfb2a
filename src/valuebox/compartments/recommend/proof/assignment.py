"""Which arm a session is in: by a hash, so that all workers say the same and nothing is stored."""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Final

HOLDBACK: Final = "holdback"
"""Arm of the sessions that no experiment ever touches."""
HOLDBACK_SHARE: Final = 0.05
_WHOLE: Final = 2**64
_NEAR: Final = 1e-9


def place(*named: str) -> float:
    """A number from 0 to 1, even and without relation to that of any other name.

    Args:
        named: What the number is of; lengths are hashed too, so that "a", "bc" is not "ab", "c".
    """
    said = b"".join(len(one.encode()).to_bytes(4, "big") + one.encode() for one in named)
    return int.from_bytes(blake2b(said, digest_size=8).digest(), "big") / _WHOLE


def assign(
    source: str,
    experiment: str,
    session: str,
    shares: Mapping[str, float],
    holdback: float = HOLDBACK_SHARE,
) -> str:
    """The arm of a session: the same whenever and wherever it is asked.

    Who is held back does not depend on the experiment, so that the holdback is the same sessions
    through all of them. The others are dealt out by each experiment anew.

    Args:
        source: The shop.
        experiment: Name of the experiment.
        session: Id of the session.
        shares: Share of each arm, 1 in all; in this order, which should not change.
        holdback: Share of all sessions that are held back.

    Raises:
        ValueError: where shares are no shares.
    """
    meant = expected(shares, holdback)
    if place(HOLDBACK, source, session) < holdback:
        return HOLDBACK
    at, reached = place(source, experiment, session), 0.0
    for arm, share in shares.items():
        reached += share
        if at < reached:
            return arm
    return next(arm for arm in reversed(list(shares)) if meant[arm])


def expected(shares: Mapping[str, float], holdback: float = HOLDBACK_SHARE) -> dict[str, float]:
    """The share of all sessions that each arm is meant to get, the holdback last.

    Raises:
        ValueError: where shares are no shares.
    """
    if min(shares.values(), default=-1) < 0 or abs(sum(shares.values()) - 1) > _NEAR:
        raise ValueError("shares of arms are not below 0, and come to 1")
    if not 0 <= holdback < 1 or (holdback and HOLDBACK in shares):
        raise ValueError(f"a holdback is from 0 to below 1, and no other arm is called {HOLDBACK}")
    kept = {arm: share * (1 - holdback) for arm, share in shares.items()}
    return {**kept, HOLDBACK: holdback} if holdback else kept
