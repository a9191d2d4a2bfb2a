"""The model of offers: players and candidates in, values out; no HTTP and no SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from valuebox.compartments.offers.candidates import Candidates
from valuebox.compartments.offers.chance import Chance, Regression, Trees
from valuebox.compartments.offers.compiled import Compiled
from valuebox.compartments.offers.encoding import Encoded, Encoder
from valuebox.compartments.offers.later import Effects, Later
from valuebox.compartments.offers.policy import Policy, propensities
from valuebox.features.declared.columns import Coded, Column
from valuebox.models import boosters, golden, registry
from valuebox.statistics.arrays import Floats, Mask

KIND: Final = "offers"
NEWEST: Final = "offers"
TRAINED_BY: Final = "valuebox offers learn"
_FORMAT: Final = 1
_ENCODER, _REST, _USUAL = "encoder.json", "model.json", "usual.ubj"


class Worth(NamedTuple):
    """What candidates are worth, `(m,)` each."""

    chance: Floats
    """How likely the offer is bought where it is shown."""
    later: Floats
    """By how much other purchases of the week change where it is bought, in currency."""
    value: Floats
    """What showing the offer adds to the week, in currency: `chance * (price + later)`."""
    new: Mask
    """Whether the type has not been shown often enough to compare its value."""


class Tally(NamedTuple):
    """How well each way has foretold what it had not seen, by decisions that have come since."""

    losses: tuple[float, ...]
    """Sums of log losses, older ones counting less; in the order of `Chance.shares`."""
    until: int
    """Decisions before this moment are counted, in microseconds since 1970."""


@dataclass(frozen=True)
class OffersModel:
    """A model of offers with all it has learned; `tag` is empty until it has been saved."""

    encoder: Encoder
    chance: Chance
    later: Later
    policy: Policy
    shown: tuple[float, ...]
    """How often each type of `encoder.types` was shown when it was learned."""
    enough: float
    """Times that a type has to be shown until it is new no more."""
    tally: Tally
    until: int
    """Moment that the model has learned until, in microseconds since 1970."""
    tag: str = ""
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    metadata: dict[str, Any] = field(default_factory=dict)

    def worth(self, features: Mapping[str, Column], candidates: Candidates) -> Worth:
        """What candidates are worth.

        Args:
            features: What is known of the players, `(n_decisions,)` each.
            candidates: What can be chosen from.
        """
        return self.worth_of(self.encoder.encode(features, candidates), candidates.price)

    def worth_of_rows(
        self, known: Sequence[Mapping[str, Any]], lists: Sequence[Sequence[Mapping[str, Any]]]
    ) -> Worth:
        """What candidates of a few decisions are worth, one after the other.

        Args:
            known: What is known of the player of each, by name.
            lists: The offers of each, with `offer_type`, `offer_price`, and what else is known.
        """
        encoded, price, chance, later = self._compiled.said(known, lists)
        return self._worth(encoded, price, chance, later)

    @cached_property
    def _compiled(self) -> Compiled:
        return Compiled(self.encoder, self.chance, self.later)

    def worth_of(self, encoded: Encoded, price: Floats) -> Worth:
        """What candidates are worth that are encoded already, and cost so much, `(m,)`."""
        log_odds = self.chance.log_odds(encoded, len(self.encoder.types))
        chance = scipy.special.expit(log_odds)
        return self._worth(encoded, price, chance, self.later.effect(encoded, price))

    def _worth(self, encoded: Encoded, price: Floats, chance: Floats, effect: Floats) -> Worth:
        later = np.maximum(effect, -price)
        return Worth(chance, later, chance * (price + later), self._is_new[encoded.type])

    @cached_property
    def _is_new(self) -> Mask:
        """Of each type, and of types that are not known."""
        return np.array([*self.shown, 0.0]) < self.enough

    def propensities(self, worth: Worth, begins: NDArray[np.int64]) -> Floats:
        """How likely each candidate is to be chosen, `(m,)`; see `policy.propensities`."""
        return propensities(self.policy, worth.value, begins, worth.new)

    def save(self, name: str, labels: dict[str, str], metadata: dict[str, Any]) -> str:
        """Save into the model store and return the exact tag; see `registry.save`."""
        rest = {
            "regressions": [one.model_dump(mode="json") for one in self.chance.regressions],
            "shares": self.chance.shares,
            "effects": self.later.effects.model_dump(mode="json"),
            "policy": self.policy.model_dump(mode="json"),
            "shown": self.shown,
            "enough": self.enough,
            "tally": self.tally._asdict(),
            "until": self.until,
        }
        files = {
            _ENCODER: self.encoder.model_dump_json(indent=1).encode(),
            _REST: registry.as_json(rest),
            _USUAL: bytes(self.later.usual.save_raw("ubj")),
            **golden.content(self._golden()),
        }
        for place, one in enumerate(self.chance.trees):
            files[_trees(place)] = bytes(one.booster.save_raw("ubj"))
        columns = {"features": self.encoder.feature_names, "types": list(self.encoder.types)}
        return registry.save(name, KIND, _FORMAT, files, labels, columns | metadata)

    def _golden(self) -> Floats:
        worth = self.worth(*_made_up(self.encoder))
        return np.stack([worth.chance, worth.value], axis=1)


def load(tag: str) -> OffersModel:
    """Load from the model store and prove that it says what it did when it was saved.

    Raises:
        registry.ArtifactMissing: when there is none.
        registry.ArtifactOutdated: when another version has saved it in a layout unknown here.
        registry.ArtifactRefused: when it was changed, or says something else here.
    """
    return golden.load(
        *(tag, KIND, (_FORMAT,), _read, OffersModel._golden),
        rtol=1e-4,
        atol=1e-6,
        command=TRAINED_BY,
    )


def _read(artifact: registry.Artifact) -> OffersModel:
    rest = artifact.json(_REST)
    regressions = tuple(Regression.model_validate(one) for one in rest["regressions"])
    trees = tuple(
        Trees(boosters.booster_of(artifact.read(_trees(place))))
        for place in range(len(regressions))
    )
    tally = rest["tally"]
    return OffersModel(
        encoder=Encoder.model_validate_json(artifact.read(_ENCODER)),
        chance=Chance(regressions, trees, tuple(rest["shares"])),
        later=Later(
            Effects.model_validate(rest["effects"]), boosters.booster_of(artifact.read(_USUAL))
        ),
        policy=Policy.model_validate(rest["policy"]),
        shown=tuple(rest["shown"]),
        enough=float(rest["enough"]),
        tally=Tally(tuple(tally["losses"]), int(tally["until"])),
        until=int(rest["until"]),
        tag=artifact.tag,
        created_at=artifact.created_at,
        metadata=artifact.metadata,
    )


def _trees(place: int) -> str:
    return f"trees-{place}.ubj"


def _made_up(encoder: Encoder) -> tuple[dict[str, Column], Candidates]:
    """Made-up players, so that no real one travels with the model: average, odd, and unknown."""
    kinds = (*encoder.types, "never seen")
    features: dict[str, Column] = {
        one.name: np.array([np.expm1(one.mean), np.expm1(one.highest), np.nan])
        for one in encoder.numbers
    }
    for kind in encoder.texts:
        features[kind.name] = Coded.of([*(*kind.values, "?", "?")[:2], None])
    price = np.expm1(encoder.price.mean + encoder.price.scale * np.arange(-1.0, 2.0))
    return features, Candidates(
        np.arange(4) * len(kinds), Coded.of(list(kinds) * 3), np.resize(price, 3 * len(kinds))
    )
