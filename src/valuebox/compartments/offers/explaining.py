"""Why an offer is as likely to be bought as a model says: how far each feature shifts that.

A contribution is how far a feature shifts the log-odds of a purchase away from those of an average
offer shown to an average player; all of them and the average add up. Those of trees are SHAP values
(Lundberg et al., From local explanations to global understanding with explainable AI for trees,
Nature Machine Intelligence 2, 2020). Those of a regression are Shapley values between the type, the
price and the player. What is the player's is shared among features by how far each moves the
regression, which for such a function of a sum is the value of Aumann and Shapley (Values of
Non-Atomic Games, 1974).
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import numpy as np

from valuebox.compartments.offers.candidates import PRICE, TYPE, Candidates
from valuebox.compartments.offers.chance import Regression, Trees, matrix_of
from valuebox.compartments.offers.encoding import Encoded, Encoder, Numbers, Texts
from valuebox.compartments.offers.model import OffersModel
from valuebox.features.declared.columns import Column
from valuebox.models.contributing import contributions_of
from valuebox.statistics.arrays import Floats

_STILL: Final = 1e-12
_PRICE, _TYPE = 0, 1
"""Places of the price and of the type among features."""


class Feature(NamedTuple):
    """What was known of the player, or of the offer."""

    of_player: bool
    name: str


class Contributions(NamedTuple):
    """How far each of k features shifts the log-odds that each of m candidates is bought."""

    features: list[Feature]
    each: Floats
    """`(m, k)`."""
    average: float
    """Log-odds of an average offer, shown to an average player."""


def contributions(
    model: OffersModel, features: Mapping[str, Column], candidates: Candidates
) -> Contributions:
    """Contributions to the log-odds of candidates, which they add up to with the average.

    Average is a player and an offer whose numbers are the means of what was learned from, whose
    texts are none of those that are known, and of types as often as each was shown.

    Args:
        model: The model that says how likely each is bought.
        features: What is known of the players, `(n_decisions,)` each.
        candidates: What can be chosen from, at least one.
    """
    encoded = model.encoder.encode(features, candidates)
    columns = _columns(model.encoder)
    named = [Feature(False, PRICE), Feature(False, TYPE)]
    named += [one for one in dict.fromkeys((*columns.own, *columns.player)) if one not in named]
    own, player = ([named.index(one) for one in some] for some in columns)
    chance, ways = model.chance, len(model.chance.regressions)
    often = np.array([*model.shown, 0.0]) / max(sum(model.shown), 1.0)
    each, average = np.zeros((len(candidates), len(named))), 0.0
    for place, (regression, trees) in enumerate(zip(chance.regressions, chance.trees, strict=True)):
        plain, grown = chance.shares[place], chance.shares[ways + place]
        found = _of_regression(regression, encoded, often)
        each[:, _PRICE] += (plain + grown) * found.price
        each[:, _TYPE] += (plain + grown) * found.type
        _add(each, own, (plain + grown) * np.array(regression.own) * encoded.own)
        _add(each, player, (plain + grown) * found.player)
        average += (plain + grown) * found.average
        of_trees, usual = _of_trees(trees, encoded, (own, player), len(model.encoder.types))
        each[:, : of_trees.shape[1]] += grown * of_trees
        average += grown * usual
    return Contributions(named, each, average)


class _Columns(NamedTuple):
    """The feature that each column of `Encoded.own` and of `Encoded.features` is made of."""

    own: list[Feature]
    player: list[Feature]


def _columns(encoder: Encoder) -> _Columns:
    compared = [Feature(True, one.name) for one in encoder.texts if one.offers]
    compared += [Feature(False, one.name) for one in encoder.own_texts if one.offers]
    own = [Feature(False, name) for name in _repeated((*encoder.own_numbers, *encoder.own_texts))]
    player = [Feature(True, name) for name in _repeated((*encoder.numbers, *encoder.texts))]
    return _Columns(compared + own, player)


def _repeated(columns: tuple[Numbers | Texts, ...]) -> Iterator[str]:
    for one in columns:
        for _ in one.names:
            yield one.name


def _add(each: Floats, places: list[int], columns: Floats) -> None:
    for column, place in enumerate(places):
        each[:, place] += columns[:, column]


def _of_trees(
    trees: Trees, encoded: Encoded, places: tuple[list[int], list[int]], types: int
) -> tuple[Floats, float]:
    own, player = places
    feature = np.array([_PRICE, *own, *[_TYPE] * types, *player], dtype=np.intp)
    return contributions_of(
        trees.booster, matrix_of(encoded, types), feature, int(feature.max()) + 1
    )


class _Shared(NamedTuple):
    """What a regression says of candidates, shared among what it looks at, `(m,)` each."""

    price: Floats
    type: Floats
    player: Floats
    """By column, `(m, d)`."""
    average: float


class _Part(NamedTuple):
    """Log-odds at some prices, were the candidate of each type, `(m, n_types)`."""

    average: Floats
    """Of an average player."""
    share: Floats
    """What share of the slopes of a player has an effect at the price."""
    one: Regression
    known: Floats
    """What is known of the player, `(m, d)`."""

    def of(self, kind: Floats) -> tuple[Floats, Floats]:
        """What an average player makes, `(m,)`, and what each column adds to that, `(m, d)`.

        Args:
            kind: The types of the candidates, as weights of each type, `(m, n_types)`.
        """
        level, slope = np.array(self.one.level)[:, 1:], np.array(self.one.slope)[:, 1:]
        by_column = (kind @ level + (kind * self.share) @ slope) * self.known
        return (self.average * kind).sum(axis=1), by_column


def _of_regression(one: Regression, encoded: Encoded, often: Floats) -> _Shared:
    is_type = (encoded.type[:, None] == np.arange(len(often))).astype(np.float64)
    any_type = np.tile(often, (len(is_type), 1))
    priced = _part(one, encoded, encoded.price)
    usual = _part(one, encoded, np.zeros(len(encoded.price)))
    # What is said where price and type are average, where one of them is, and where neither is.
    none, of_none = usual.of(any_type)
    typed, of_typed = usual.of(is_type)
    dear, of_dear = priced.of(any_type)
    both, of_both = priced.of(is_type)
    with_none, with_typed, with_dear, with_both = (
        said + of.sum(axis=1)
        for said, of in ((none, of_none), (typed, of_typed), (dear, of_dear), (both, of_both))
    )
    return _Shared(
        (dear - none + with_both - with_typed) / 3 + (both - typed + with_dear - with_none) / 6,
        (typed - none + with_both - with_dear) / 3 + (both - dear + with_typed - with_none) / 6,
        (of_none + of_both) / 3 + (of_typed + of_dear) / 6,
        float(none[0]),
    )


def _part(one: Regression, encoded: Encoded, price: Floats) -> _Part:
    level, slope = np.array(one.level), np.array(one.slope)
    known = encoded.features[encoded.decision]
    apart = known @ slope[:, 1:].T
    usual = np.tile(level[:, 0], (len(price), 1))
    changed = np.zeros_like(usual)
    steep = slope[:, 0]
    for bend, within in _segments(one, price):
        steep = steep + bend
        flat = np.minimum(steep, 0.0)
        usual += flat * within[:, None]
        changed += (np.minimum(steep + apart, 0.0) - flat) * within[:, None]
    share = np.divide(changed, apart, out=np.zeros_like(apart), where=np.abs(apart) > _STILL)
    return _Part(usual, share, one, known)


def _segments(one: Regression, price: Floats) -> Iterator[tuple[float, Floats]]:
    """The bend of the slope at each knot, and how much of each price lies beyond it, `(m,)`."""
    starts, ends = (-np.inf, *one.knots), (*one.knots, np.inf)
    for start, end, bend in zip(starts, ends, (0.0, *one.bends), strict=True):
        yield bend, np.clip(price, start, end) - (start if np.isfinite(start) else 0.0)
