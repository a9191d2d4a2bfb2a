"""Who else decides: chance, fixed orders, bandits on linear models, trees, and some who cheat."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from valuebox.compartments.offers.candidates import Candidates
from valuebox.compartments.offers.decisions import WEEK, Decisions
from valuebox.compartments.offers.encoding import Encoded, Encoder
from valuebox.compartments.offers.policy import Policy, propensities
from valuebox.features.declared.columns import Column
from valuebox_training.offers.games.players import Floats
from valuebox_training.offers.learning import Learning, NothingToLearn, learn

if TYPE_CHECKING:
    from valuebox.compartments.offers.model import OffersModel

SEED_FIVE: Final = (
    "country",
    "facebook_connected",
    "last_session.games_played",
    "last_session.win_ratio",
    "prev_week.purchases_amount",
)
"""The features that the seed declares, which contenders look at."""
_TREES: Final[dict[str, Any]] = {
    "tree_method": "hist",
    "max_depth": 4,
    "learning_rate": 0.1,
    "min_child_weight": 20,
    "nthread": 1,
}


class Uniform:
    """Chance alone."""

    def learn(self, decisions: Decisions, now: int) -> None:
        """Nothing."""

    def propensities(
        self, features: dict[str, Column], candidates: Candidates, truth: Floats
    ) -> Floats:
        """All are as likely."""
        return uniform(candidates.begins)


def uniform(begins: NDArray[np.int64]) -> Floats:
    """Every candidate is as likely as the others, `(m,)`."""
    count = np.diff(begins)
    return np.repeat(1.0 / count, count)


def greedy(value: Floats, candidates: Candidates) -> Floats:
    """Propensities of whoever always takes the best."""
    starts = candidates.begins[:-1]
    best = value >= np.maximum.reduceat(value, starts)[candidates.decision]
    return best / np.add.reduceat(best, starts, dtype=float)[candidates.decision]


class Spy(Uniform):
    """Chance, writing down the truth, of which those learn who cheat."""

    def __init__(self) -> None:
        self.seen: list[tuple[dict[str, Column], Candidates, Floats, int]] = []
        self.day = 0

    def learn(self, decisions: Decisions, now: int) -> None:
        """Count the days."""
        self.day += 1

    def propensities(
        self, features: dict[str, Column], candidates: Candidates, truth: Floats
    ) -> Floats:
        """All are as likely."""
        self.seen.append((features, candidates, truth, self.day))
        return uniform(candidates.begins)


class BestFixed(Uniform):
    """The order of offers that is best of all orders, known from the truth."""

    def __init__(self, spy: Spy):
        sums: dict[tuple[int, float], list[float]] = {}
        for _, candidates, truth, _ in spy.seen:
            for code, price, one in zip(
                candidates.type.codes.tolist(),
                candidates.price.tolist(),
                truth.tolist(),
                strict=True,
            ):
                both = sums.setdefault((code, price), [0.0, 0.0])
                both[0] += one
                both[1] += 1
        self.mean = {key: total / count for key, (total, count) in sums.items()}

    def propensities(
        self, features: dict[str, Column], candidates: Candidates, truth: Floats
    ) -> Floats:
        """The first of the order that there is."""
        keys = zip(candidates.type.codes.tolist(), candidates.price.tolist(), strict=True)
        return greedy(np.array([self.mean.get(key, 0.0) for key in keys]), candidates)


class Informed(Uniform):
    """Trees on the true worth of all candidates, from the five features and the day."""

    def __init__(self, spy: Spy, features: tuple[str, ...] | None = SEED_FIVE):
        self.features, self.day = features, 0
        first = spy.seen[len(spy.seen) // 2]
        self.encoder = Encoder.fit(self._of(first[0]), spy.seen[-1][1])
        rows, truths = [], []
        for known, candidates, truth, day in spy.seen:
            rows.append(self._matrix(known, candidates, day))
            truths.append(truth)
        data = xgb.QuantileDMatrix(np.concatenate(rows), np.concatenate(truths), max_bin=128)
        settings = _TREES | {"max_depth": 8, "learning_rate": 0.15, "max_bin": 128}
        self.trees = xgb.train(settings, data, 120)

    def _of(self, features: dict[str, Column]) -> dict[str, Column]:
        chosen = self.features
        return {name: one for name, one in features.items() if chosen is None or name in chosen}

    def _matrix(self, features: dict[str, Column], candidates: Candidates, day: int) -> Any:
        plain = Candidates(candidates.begins, candidates.type, candidates.price)
        return np.concatenate(
            [
                design(self.encoder.encode(self._of(features), plain), len(self.encoder.types)),
                np.full((len(plain), 1), day),
            ],
            axis=1,
        )

    def learn(self, decisions: Decisions, now: int) -> None:
        """Count the days."""
        self.day += 1

    def propensities(
        self, features: dict[str, Column], candidates: Candidates, truth: Floats
    ) -> Floats:
        """The best by the trees."""
        value = self.trees.predict(xgb.DMatrix(self._matrix(features, candidates, self.day)))
        return greedy(value, candidates)


def design(encoded: Encoded, types: int) -> Floats:
    """A row for each candidate: price, type, features."""
    which = encoded.type[:, None] == np.arange(types)
    features = encoded.features[encoded.decision]
    return np.concatenate([encoded.price[:, None], which, features], axis=1)


class OfTheWeek:
    """Base of those who learn the money of whole weeks."""

    def __init__(self) -> None:
        self.encoder: Encoder | None = None

    def learn(self, decisions: Decisions, now: int) -> None:
        """Learn of the weeks that are over."""
        over = decisions.where(decisions.observed >= WEEK)
        if len(over) < 500:
            return
        features = {name: over.features[name] for name in SEED_FIVE}
        chosen = Candidates(over.begins, over.type, over.price).taken(
            over.chosen, np.arange(len(over) + 1)
        )
        self.encoder = Encoder.fit(features, chosen)
        self.fit(self.encoder.encode(features, chosen), over.own + over.rest)

    def fit(self, encoded: Encoded, week: Floats) -> None:
        """Fit to the money of weeks."""
        raise NotImplementedError

    def encoded(self, features: dict[str, Column], candidates: Candidates) -> Encoded:
        """Decisions as numbers."""
        plain = Candidates(candidates.begins, candidates.type, candidates.price)
        encoder = self.encoder
        if encoder is None:
            raise ValueError("nothing was learned")
        return encoder.encode({name: features[name] for name in SEED_FIVE}, plain)

    def rows(self, encoded: Encoded) -> Floats:
        """Interactions of the type with everything, for linear models."""
        types = len(self.encoder.types) if self.encoder else 0
        which = (encoded.type[:, None] == np.arange(types)).astype(float)
        features = encoded.features[encoded.decision]
        ones = np.concatenate([np.ones((len(which), 1)), encoded.price[:, None], features], axis=1)
        crossed = (which[:, :, None] * ones[:, None, :]).reshape(len(which), -1)
        return np.concatenate([ones, crossed], axis=1)


class Ridge(OfTheWeek):
    """A ridge regression of the week's money; by chance in one of ten decisions."""

    def __init__(self, thompson: bool = False) -> None:
        super().__init__()
        self.thompson = thompson
        self.draw = np.random.default_rng(5)

    def fit(self, encoded: Encoded, week: Floats) -> None:
        """Solve for the coefficients."""
        rows = self.rows(encoded)
        self.precision = rows.T @ rows + 10.0 * np.eye(rows.shape[1])
        self.weights = np.linalg.solve(self.precision, rows.T @ week)
        self.noise = float(np.std(week - rows @ self.weights))
        self.root = np.linalg.cholesky(np.linalg.inv(self.precision))

    def propensities(
        self, features: dict[str, Column], candidates: Candidates, truth: Floats
    ) -> Floats:
        """The best by the coefficients, or by a draw of them; draws are as good as propensities."""
        if self.encoder is None:
            return uniform(candidates.begins)
        rows = self.rows(self.encoded(features, candidates))
        if not self.thompson:
            best = greedy(rows @ self.weights, candidates)
            return 0.9 * best + 0.1 * uniform(candidates.begins)
        decisions = len(candidates.begins) - 1
        drawn = self.weights + self.noise * (
            self.draw.normal(size=(decisions, len(self.weights))) @ self.root.T
        )
        return greedy((rows * drawn[candidates.decision]).sum(axis=1), candidates)


class TreesOnTheTotal(OfTheWeek):
    """XGBoost on the week's money, and inverse gaps."""

    def fit(self, encoded: Encoded, week: Floats) -> None:
        """Grow the trees."""
        data = xgb.QuantileDMatrix(
            design(encoded, len(self.encoder.types if self.encoder else ())), week
        )
        self.trees = xgb.train(_TREES, data, 60)
        self.count = len(week)

    def propensities(
        self, features: dict[str, Column], candidates: Candidates, truth: Floats
    ) -> Floats:
        """Inverse gaps of what the trees say."""
        if self.encoder is None:
            return uniform(candidates.begins)
        rows = design(self.encoded(features, candidates), len(self.encoder.types))
        value = self.trees.predict(xgb.DMatrix(rows)).astype(float)
        policy = Policy(sharpness=2.0 * float(np.sqrt(self.count)), uniform=0.02)
        return propensities(policy, value, candidates.begins, np.zeros(len(value), dtype=bool))


class Ours:
    """valuebox."""

    def __init__(
        self,
        how: Learning | None = None,
        history: bool = True,
        names: tuple[str, ...] | None = None,
    ):
        self.how, self.history, self.names = how or Learning(), history, names
        self.model: OffersModel | None = None

    def learn(self, decisions: Decisions, now: int) -> None:
        """Learn anew of all."""
        try:
            self.model = learn(self._of(decisions), now, self.model, self.how)
        except NothingToLearn:
            return

    def _of(self, decisions: Decisions) -> Decisions:
        features = {name: decisions.features[name] for name in self.names or decisions.features}
        properties = decisions.properties if self.history else {}
        return replace(decisions, features=features, properties=properties)

    def propensities(
        self, features: dict[str, Column], candidates: Candidates, truth: Floats
    ) -> Floats:
        """As it is served."""
        if self.model is None:
            return uniform(candidates.begins)
        worth = self.model.worth(features, candidates)
        return self.model.propensities(worth, candidates.begins)
