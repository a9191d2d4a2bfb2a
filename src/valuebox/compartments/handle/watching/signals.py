"""A test of what forecasts show of themselves, and from where on it is more than chance."""

import math
from typing import Final, NamedTuple

from valuebox.predictions.monitoring.results import Figure, Finding
from valuebox.statistics.sequential import too_many

RARE: Final = 3.0
"""Evidence of shares is told in powers of ten: chance alone exceeds 3 once in 1,000 runs."""
_MOST: Final = 30.0


class Signal(NamedTuple):
    """Evidence for a change, and the figure that it is of."""

    name: str
    evidence: float
    limit: float
    """Evidence up to which chance explains it."""
    figure: float
    segment: str = "all"

    @property
    def finding(self) -> Finding:
        """The evidence, as monitoring takes it."""
        name = self.name if self.segment == "all" else f"{self.name}, {self.segment}"
        return Finding(
            check="evidence", feature=name, value=self.evidence, limit=self.limit, chance=0
        )

    @property
    def told(self) -> Figure:
        """The figure, as monitoring takes it."""
        return Figure(name=self.name, segment=self.segment, value=self.figure)


def of_share(
    name: str,
    found: float,
    of: float,
    share: float,
    segment: str = "all",
    told: float | None = None,
) -> Signal:
    """A test of whether more are found than a share of all (binomial, one-sided).

    Args:
        name: Of the test.
        found: How many are found.
        of: Among how many that know nothing of each other.
        share: That is meant, at most.
        segment: That all are of.
        told: The figure that is told of it; by default the share that was found.
    """
    chance = too_many(round(found), round(of), share)
    evidence = min(max(0.0, -math.log10(max(chance, 1e-300))), _MOST)
    figure = found / of if told is None else told
    return Signal(name, evidence, RARE, figure, segment)
