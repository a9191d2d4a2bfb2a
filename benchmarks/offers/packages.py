"""Packages of bandits, which learn the money of the week: none where they are not installed."""

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from benchmarks.offers.contenders import SEED_FIVE, Uniform, uniform

from valuebox.compartments.offers.candidates import Candidates
from valuebox.compartments.offers.decisions import WEEK, Decisions
from valuebox.compartments.offers.encoding import Encoder
from valuebox.features.declared.columns import Column
from valuebox_training.offers.games.players import Floats

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ENOUGH: Final = 500
"""Decisions that are waited for, so that features are known that they begin with."""


class _Outcome(NamedTuple):
    """A decision whose week is over, and what came of it."""

    context: list[float]
    """What was known of the player, as numbers."""
    offers: list[list[float]]
    """Numbers of each offer."""
    choice: int
    """Position of the offer that was shown."""
    week: float
    """Money of the week."""
    propensity: float
    """How likely the choice was."""


class _OfAPackage(Uniform):
    """Base of learners who are told each decision once, when its week is over."""

    def __init__(self) -> None:
        self.encoder: Encoder | None = None
        self.told = 0

    def learn(self, decisions: Decisions, now: int) -> None:
        """Tell what has come of the decisions whose weeks have ended since the last time."""
        over = int(np.count_nonzero(decisions.observed >= WEEK))
        if self.encoder is None and over < _ENOUGH:
            return
        # Decisions come by time: those that are over are the first.
        new = decisions.where(np.arange(self.told, over))
        features = {name: new.features[name] for name in SEED_FIVE}
        if self.encoder is None:
            self.encoder = Encoder.fit(features, _plain(new.candidates))
        self.told = over
        week = new.own + new.rest
        chosen = new.propensity[new.chosen]
        for place, (context, offers) in enumerate(self._lists(features, new.candidates)):
            choice = int(new.choice[place])
            self.tell(_Outcome(context, offers, choice, float(week[place]), float(chosen[place])))

    def propensities(
        self, features: dict[str, Column], candidates: Candidates, truth: Floats
    ) -> Floats:
        """As the package says."""
        if self.encoder is None:
            return uniform(candidates.begins)
        known = {name: features[name] for name in SEED_FIVE}
        return np.concatenate(
            [self.asked(context, offers) for context, offers in self._lists(known, candidates)]
        )

    def _lists(
        self, features: dict[str, Column], candidates: Candidates
    ) -> "Iterator[tuple[list[float], list[list[float]]]]":
        """Features of each player, and of each of the offers: the price and which type it is."""
        if self.encoder is None:
            raise ValueError("nothing was learned")
        encoded = self.encoder.encode(features, _plain(candidates))
        players = encoded.features.astype(float).tolist()
        which = encoded.type[:, None] == np.arange(len(self.encoder.types))
        offers = np.concatenate([encoded.price[:, None], which], axis=1).tolist()
        begins = candidates.begins.tolist()
        for place, player in enumerate(players):
            yield player, offers[begins[place] : begins[place + 1]]

    def tell(self, one: _Outcome) -> None:
        """Learn from a decision."""
        raise NotImplementedError

    def asked(self, context: list[float], offers: list[list[float]]) -> Floats:
        """How likely each offer is chosen, `(n_offers,)`."""
        raise NotImplementedError


def _plain(candidates: Candidates) -> Candidates:
    return Candidates(candidates.begins, candidates.type, candidates.price)


class VowpalWabbit(_OfAPackage):
    """Vowpal Wabbit's contextual bandit, by inverse gaps (SquareCB).

    The setting is the best of eight that were tried on another game than those of the table.
    """

    def __init__(self) -> None:
        super().__init__()
        from vowpalwabbit import Workspace

        self.workspace: Any = Workspace(
            "--cb_explore_adf --squarecb --gamma_scale 100 -q PO --random_seed 5 --quiet"
        )

    def tell(self, one: _Outcome) -> None:
        """Learn from a decision."""
        label = f"0:{-one.week:.4f}:{one.propensity:.6f} "
        self.workspace.learn(_lines(one.context, one.offers, {one.choice: label}))

    def asked(self, context: list[float], offers: list[list[float]]) -> Floats:
        """How likely each offer is chosen."""
        found = np.array(self.workspace.predict(_lines(context, offers, {})))
        return found / found.sum()


def _lines(context: list[float], offers: list[list[float]], labels: dict[int, str]) -> list[str]:
    """A decision in the package's own words."""
    player = " ".join(f"p{place}:{one:.4f}" for place, one in enumerate(context) if one)
    return [
        f"shared |P {player}",
        *(
            f"{labels.get(number, '')}|O "
            + " ".join(f"o{place}:{one:.4f}" for place, one in enumerate(offer) if one)
            for number, offer in enumerate(offers)
        ),
    ]


class LinUcb(_OfAPackage):
    """coba's LinUCB, whose best offer by its upper bound is taken in 95 decisions of 100."""

    def __init__(self) -> None:
        super().__init__()
        from coba.learners import LinUCBLearner

        self.learner: Any = LinUCBLearner(alpha=1.0, features=[1, "a", "ax"])

    def tell(self, one: _Outcome) -> None:
        """Learn from a decision."""
        self.learner.learn(one.context, one.offers[one.choice], one.week, one.propensity)

    def asked(self, context: list[float], offers: list[list[float]]) -> Floats:
        """How likely each offer is chosen."""
        best = np.array([self.learner.score(context, offers, one) for one in offers], dtype=float)
        return 0.95 * best / best.sum() + 0.05 / len(best)


def installed() -> "dict[str, Callable[[], Uniform]]":
    """What there is of these packages, by the name that tables have for it."""
    every: dict[str, tuple[str, Callable[[], Uniform]]] = {
        "Vowpal Wabbit": ("vowpalwabbit", VowpalWabbit),
        "coba's LinUCB": ("coba", LinUcb),
    }
    return {name: make for name, (package, make) in every.items() if find_spec(package)}
