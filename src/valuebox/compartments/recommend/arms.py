"""Which kind of list a session gets: by an experiment, or by the share that never gets another."""

from hashlib import blake2b
from typing import Final

from valuebox.compartments.recommend.listing import PERSONAL, POPULAR
from valuebox.compartments.recommend.repository import Running

HELD_BACK: Final = 0.05
"""The share of sessions that always get popular items, for others to be compared with."""


def arm_of(running: Running | None, source: str, session: str) -> str:
    """The arm of a session, always the same one."""
    if running is None:
        return POPULAR if _draw("held back", source, session) < HELD_BACK else PERSONAL
    drawn, reached = _draw(running.name, source, session), 0.0
    for arm, share in sorted(running.shares.items()):
        reached += share
        if drawn < reached:
            return arm
    return PERSONAL


def _draw(*parts: str) -> float:
    """A number from 0 to 1 that depends on the parts alone."""
    digest = blake2b("\0".join(parts).encode(), digest_size=8).digest()
    return float(int.from_bytes(digest, "big") / 2**64)
