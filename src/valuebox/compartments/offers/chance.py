"""How likely a player buys the offer that is shown: regressions, trees upon them, and their shares.

Whatever the player and the type, a dearer offer is never the more likely one.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
import scipy
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from valuebox.compartments.offers.encoding import Encoded
from valuebox.models import directly
from valuebox.statistics.arrays import Floats

if TYPE_CHECKING:
    import xgboost as xgb


_FEW: Final = 64
"""Decisions of which the same is said, to the last bit, whichever are asked about along with them;
no more are answered together."""


class Regression(BaseModel):
    """A logistic regression whose coefficients depend on the type of the offer.

    The log-odds are a level, and falls with the price between knots; all of these are linear in
    what is known of the player.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    level: tuple[tuple[float, ...], ...]
    """For each type, and for types that are not known: an intercept, then one for each feature."""
    slope: tuple[tuple[float, ...], ...]
    """Likewise, by which the log-odds change with the price; what would be above 0 is 0."""
    knots: tuple[float, ...]
    """Prices, as `Encoded.price`, at which the slope changes."""
    bends: tuple[float, ...]
    """By how much it does."""
    own: tuple[float, ...]
    """A value for each further column of the candidate."""

    @cached_property
    def _arrays(self) -> tuple[Floats, Floats, Floats]:
        """Levels, slopes and what further columns count."""
        return np.array(self.level), np.array(self.slope), np.array(self.own)

    def log_odds(self, encoded: Encoded) -> Floats:
        """Log-odds of each candidate, `(m,)`."""
        level, slope, own = self._arrays
        at = encoded.decision, encoded.type
        total = _of_types(level, encoded.features)[at]
        total += (own * encoded.own).sum(axis=1)
        steep = _of_types(slope, encoded.features)[at]
        starts = (-np.inf, *self.knots)
        ends = (*self.knots, np.inf)
        for start, end, bend in zip(starts, ends, (0.0, *self.bends), strict=True):
            steep = steep + bend
            within = np.clip(encoded.price, start, end) - (start if np.isfinite(start) else 0.0)
            total += np.minimum(steep, 0.0) * within
        return total


def _of_types(weights: Floats, features: Floats) -> Floats:
    """What weights of each type make of each decision, `(n, n_types)`."""
    if len(features) > _FEW:
        return features @ weights[:, 1:].T + weights[:, 0]
    # Sums along a row, and not a product of matrices, are the same whatever is asked besides.
    found: Floats = (weights[:, 1:] * features[:, None, :]).sum(axis=2) + weights[:, 0]
    return found


@dataclass(frozen=True)
class Trees:
    """Trees that add to the log-odds of a regression."""

    booster: "xgb.Booster"

    def log_odds(self, matrix: NDArray[np.float32]) -> Floats:
        """What is added to the log-odds, `(m,)`; see `matrix_of`."""
        found: Floats = scipy.special.logit(directly.predict(self.booster, matrix).astype(float))
        return found


@dataclass(frozen=True)
class Chance:
    """Several ways to say how likely an offer is bought, each with its share in the log-odds."""

    regressions: tuple[Regression, ...]
    trees: tuple[Trees, ...]
    """Upon each of the regressions."""
    shares: tuple[float, ...]
    """Of the regressions, then of these with their trees; they sum to 1."""

    def ways(self, encoded: Encoded, types: int) -> Floats:
        """Log-odds by each way, `(m, n_ways)`, in the order of `shares`."""
        plain = [one.log_odds(encoded) for one in self.regressions]
        matrix = matrix_of(encoded, types)
        grown = [start + one.log_odds(matrix) for start, one in zip(plain, self.trees, strict=True)]
        return np.stack(plain + grown, axis=1)

    def log_odds(self, encoded: Encoded, types: int) -> Floats:
        """Log-odds that each candidate is bought where it is shown, `(m,)`."""
        found: Floats = (self.ways(encoded, types) * np.array(self.shares)).sum(axis=1)
        return found


def matrix_of(encoded: Encoded, types: int) -> NDArray[np.float32]:
    """What trees look at: `(m, 1 + e + types + d)`, the price first.

    Args:
        encoded: Decisions and their candidates.
        types: How many types are known.
    """
    which = encoded.type[:, None] == np.arange(types)
    features = encoded.features.astype(np.float32)[encoded.decision]
    parts = [encoded.price[:, None], encoded.own, which, features]
    return np.concatenate(parts, axis=1, dtype=np.float32, casting="unsafe")
