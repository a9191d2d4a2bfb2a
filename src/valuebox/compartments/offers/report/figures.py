"""Whether values come true, how likely choices were, and what trying others has cost."""

from typing import Final

import numpy as np
from pydantic import Field

from valuebox.compartments.offers.report.decided import Decided
from valuebox.schemas.values import Model

_PARTS: Final = 5
EDGES: Final = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.8, 0.95, 1.0)
"""Bounds of the propensities that are told together."""


class Value(Model):
    """A fifth of the decisions of models whose week has passed, by what was foretold."""

    part: int = Field(description="Number of the fifth; 1 holds the lowest values.")
    decisions: int = Field(description="Decisions in it.")
    foretold: float = Field(
        description="Money of the offer's own purchase that was foretold for each: its price, as "
        "often as it was thought to be bought."
    )
    came: float = Field(description="Money of the offer's own purchase that came, for each.")
    low: float = Field(description="Lower end of a 90 % interval of what came.")
    high: float = Field(description="Upper end of this interval.")


class Propensities(Model):
    """Decisions whose choice was about as likely."""

    low: float = Field(description="The choice was likelier than this.")
    high: float = Field(description="The choice was at most so likely.")
    decisions: int = Field(description="Decisions in between.")
    share: float = Field(description="Their share of all decisions.")


class Overlap(Model):
    """How much the log says of a policy that chooses among all candidates alike."""

    effective: float = Field(
        description="As many decisions of that policy would tell as much: Kish's effective sample "
        "size."
    )
    largest: float = Field(description="Share of all weight that one decision carries at most.")


class Regret(Model):
    """What trying others costs, as far as the model's own values are right."""

    best: float = Field(description="What the best candidate was thought to be worth, on average.")
    served: float = Field(
        description="What candidates were thought to be worth, by how likely each was."
    )
    random: float = Field(description="What candidates were thought to be worth, all alike.")
    regret: float | None = Field(
        description="Share of the way from the best to random choices: 0 where the best is always "
        "chosen, 1 where all are alike; null where none is thought to be better."
    )


def values_of(decided: Decided, least: int) -> list[Value]:
    """Whether offers bring what was foretold, by fifths of that; nothing where too few did.

    Args:
        decided: The decisions.
        least: The smallest number of decisions that anything is told of.
    """
    foretold = decided.foretold * decided.price
    rows = np.flatnonzero(~np.isnan(foretold) & ~np.isnan(decided.own))
    order = rows[np.argsort(foretold[rows], kind="stable")]
    if len(order) < _PARTS * max(least, 2):
        return []
    found = []
    for number, part in enumerate(np.array_split(order, _PARTS), 1):
        own = decided.own[part]
        mean, reach = float(own.mean()), 1.645 * float(own.std(ddof=1)) / len(own) ** 0.5
        found.append(
            Value(
                part=number,
                decisions=len(part),
                foretold=float(foretold[part].mean()),
                came=mean,
                low=mean - reach,
                high=mean + reach,
            )
        )
    return found


def propensities_of(decided: Decided, least: int) -> list[Propensities]:
    """How likely choices were; intervals of fewer decisions than `least` are left out."""
    counts, _ = np.histogram(-decided.propensity, -np.array(EDGES[::-1]))
    return [
        Propensities(low=low, high=high, decisions=count, share=count / len(decided))
        for low, high, count in zip(EDGES[:-1], EDGES[1:], counts[::-1].tolist(), strict=True)
        if count >= max(least, 1)
    ]


def overlap_of(decided: Decided) -> Overlap | None:
    """How much the log says of choices among all candidates alike; None without decisions."""
    if not len(decided):
        return None
    weight = 1 / (decided.able * decided.propensity)
    return Overlap(
        effective=float(weight.sum() ** 2 / (weight**2).sum()),
        largest=float(weight.max() / weight.sum()),
    )


def regret_of(decided: Decided, least: int) -> Regret | None:
    """What trying others costs, of decisions of models; None of too few."""
    rows = np.flatnonzero(~np.isnan(decided.best) & (decided.able > 1))
    if len(rows) < least:
        return None
    best, served, random = (
        float(one[rows].mean()) for one in (decided.best, decided.expected, decided.average)
    )
    gap = best - random
    return Regret(
        best=best, served=served, random=random, regret=(best - served) / gap if gap > 0 else None
    )
