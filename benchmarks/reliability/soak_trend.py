"""A straight line through what was sampled, and whether it is flat."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

# The rule, made before anything was measured: a growth that cannot be told from none, or one
# below a hundredth of the level in ten minutes.
STANDARD_ERRORS: Final = 2.0
SHARE: Final = 0.01
SHARE_HOURS: Final = 1 / 6


@dataclass(frozen=True)
class Trend:
    """Level and slope of a measure, in its own unit and per hour."""

    first: float
    last: float
    level: float
    slope: float
    uncertainty: float
    """Two standard errors of the slope."""

    @property
    def is_flat(self) -> bool:
        """Whether it does not grow, by the rule above."""
        is_none = self.slope <= self.uncertainty
        return is_none or self.slope * SHARE_HOURS < SHARE * self.level


def fit(hours: ArrayLike, values: ArrayLike) -> Trend:
    """Least squares; the error allows for samples that resemble the one before.

    Its variance is widened by (1 + r) / (1 - r), with r the autocorrelation of the residuals at
    one step, where that is positive (Bayley and Hammersley 1946).
    """
    x, y = np.asarray(hours, dtype=np.float64), np.asarray(values, dtype=np.float64)
    away = x - x.mean()
    slope = float(away @ y / (away @ away))
    rest = y - y.mean() - slope * away
    variance = float(rest @ rest) / max(1, len(y) - 2) / float(away @ away)
    spread = float(rest @ rest)
    alike = float(rest[1:] @ rest[:-1]) / spread if spread else 0.0
    alike = min(max(alike, 0.0), 0.99)
    uncertainty = STANDARD_ERRORS * float(np.sqrt(variance * (1 + alike) / (1 - alike)))
    return Trend(float(y[0]), float(y[-1]), float(y.mean()), slope, uncertainty)
