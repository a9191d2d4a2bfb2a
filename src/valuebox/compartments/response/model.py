"""The response model: customers in, probabilities out; no HTTP and no SQL."""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from valuebox.compartments.response.features import Cell, Encoder, Matrix
from valuebox.compartments.response.first_layout import FirstLayout
from valuebox.compartments.response.kind import KIND, TRAINED_BY
from valuebox.compartments.response.ranker import Ranker, Regressions, Way
from valuebox.facts.labels import Labels
from valuebox.facts.reading import CustomerColumns, EventColumns, FactColumns
from valuebox.facts.windows import Floats, History, Positions
from valuebox.features.bins import Reference
from valuebox.models import golden, registry

_ENCODER, _REST = "encoder.json", "model.json"
_REFERENCE: Final = "reference.json"
_FORMAT: Final = 3
_FIRST_LAYOUT: Final = 1
_WITHOUT_REFERENCE: Final = 2
_LAYOUT: Final = 3
"""Layout of the files; the first one, which files do not name, had one booster for everything."""
_AT: Final = np.datetime64("2024-06-01", "us")
_AT_ONCE: Final = 5_000
"""Customers whose matrices are in memory at the same time."""

_log = logging.getLogger("valuebox")


class Said(NamedTuple):
    """How likely customers are to respond: `(n_customers, n_cells)`."""

    model: Floats
    baseline: Floats
    """What a logistic regression on recency and the counts of 30, 90 and 365 days says."""


class Pair(NamedTuple):
    """Rankers of one response."""

    any: Ranker
    """Ranker of the response in any category, or in none."""
    categories: Ranker
    """Ranker of the response in each category."""


@dataclass(frozen=True)
class ResponseModel:
    """A response model with all it has learned; `tag` is empty until it has been saved."""

    encoder: Encoder
    pairs: tuple[Pair, ...]
    """Rankers of each response."""
    days: int
    """How many days ahead the model looks."""
    category: str
    """The property of events that holds the category."""
    reference: Reference | None = None
    """Customers whom the model was trained on, to see when those of today are others; None where it
    was saved before there was one."""
    tag: str = ""
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def cells(self) -> list[Cell]:
        """What is predicted of each customer."""
        return self.encoder.cells

    @property
    def moves(self) -> list[float]:
        """Standard deviation of the level of a month to come, in log-odds, for each cell."""
        each = len(self.encoder.categories)
        return [
            moves
            for pair in self.pairs
            for moves in (
                pair.any.regressions.moves,
                *[pair.categories.regressions.moves] * each,
            )
        ]

    def predict(self, facts: FactColumns, at: np.datetime64, chosen: Positions) -> Floats:
        """How likely customers are to respond within `days` from a moment on.

        Args:
            facts: All that these customers did before; later events are not looked at.
            at: The moment, UTC.
            chosen: Positions of customers, each at most once.

        Returns:
            `(n_chosen, n_cells)`; a response in any category is at least as likely as in each.
        """
        return self.say(facts, at, chosen).model

    @property
    def ways(self) -> list[Way]:
        """The way in which each cell is predicted."""
        each = len(self.encoder.categories)
        return [
            way
            for pair in self.pairs
            for way in (pair.any.regressions.way, *[pair.categories.regressions.way] * each)
        ]

    def anywhere(self, facts: FactColumns, at: np.datetime64, chosen: Positions) -> Floats:
        """What `predict` says of each response in any category: `(n_chosen, n_responses)`."""
        history = self.encoder.history(facts, at)
        parts = [np.zeros((0, len(self.pairs)))]
        for start in range(0, len(chosen), _AT_ONCE):
            some = chosen[start : start + _AT_ONCE]
            every = self.encoder.of_responses(history, at, some, self.days)
            said = [pair.any.log_odds(every[:, n, None]) for n, pair in enumerate(self.pairs)]
            parts.append(scipy.special.expit(np.concatenate(said, axis=1)))
        return np.concatenate(parts)

    def say(self, facts: FactColumns, at: np.datetime64, chosen: Positions) -> Said:
        """Probabilities by the model and by the baseline, of the same customers and cells."""
        history = self.encoder.history(facts, at)
        parts = [Said(*np.zeros((2, 0, len(self.cells))))]
        for start in range(0, len(chosen), _AT_ONCE):
            parts.append(self._say(history, at, chosen[start : start + _AT_ONCE]))
        return Said(*(np.concatenate(part) for part in zip(*parts, strict=True)))

    def _say(self, history: History, at: np.datetime64, chosen: Positions) -> Said:
        every = self.encoder.of_responses(history, at, chosen, self.days)
        each = self.encoder.of_categories(history, at, chosen, self.days)
        said: list[Floats] = []
        plain: list[Floats] = []
        for place, pair in enumerate(self.pairs):
            matrix = every[:, place, None]
            inside = within(each[:, place], matrix, pair.any)
            most = scipy.special.expit(pair.any.log_odds(matrix))
            said += [most, np.minimum(scipy.special.expit(pair.categories.log_odds(inside)), most)]
            plain += [
                scipy.special.expit(pair.any.baseline(matrix)),
                scipy.special.expit(pair.categories.baseline(inside)),
            ]
        return Said(np.concatenate(said, axis=1), np.concatenate(plain, axis=1))

    def save(self, name: str, labels: dict[str, str], metadata: dict[str, Any]) -> str:
        """Save into the model store and return the exact tag; see `registry.save`."""
        regressions = [
            [one.regressions.model_dump(mode="json") for one in pair] for pair in self.pairs
        ]
        rest = {
            "layout": _LAYOUT,
            "days": self.days,
            "category": self.category,
            "regressions": regressions,
        }
        files = {
            _ENCODER: self.encoder.model_dump_json(indent=1).encode(),
            _REST: json.dumps(rest, indent=1).encode(),
            **golden.content(self.predict(*_golden(self.encoder))),
        }
        if self.reference is not None:
            files[_REFERENCE] = self.reference.model_dump_json(indent=1).encode()
        for place, pair in enumerate(self.pairs):
            for kind, ranker in pair._asdict().items():
                files[_trees(place, kind)] = bytes(ranker.booster.save_raw("ubj"))
        columns = {"features": self.encoder.names, "days": self.days}
        return registry.save(name, KIND, _FORMAT, files, labels, columns | metadata)

    @classmethod
    def load(cls, tag: str) -> "ResponseModel":
        """Load one of today's layout, which can be judged; raises as `load` does."""
        model = load(tag)
        if isinstance(model, FirstLayout):
            raise registry.ArtifactOutdated(
                f"{tag} was saved by an older version of valuebox, without what it is judged "
                "beside; `valuebox growth train` makes a new one"
            )
        return model

    @classmethod
    def _read(
        cls, artifact: registry.Artifact, encoder: Encoder, rest: dict[str, Any]
    ) -> "ResponseModel":
        pairs = tuple(
            Pair(
                *(
                    Ranker.read(Regressions.model_validate(one), artifact.read(_trees(place, kind)))
                    for kind, one in zip(Pair._fields, two, strict=True)
                )
            )
            for place, two in enumerate(rest["regressions"])
        )
        reference = None
        if _REFERENCE in artifact.files:
            reference = Reference.model_validate_json(artifact.read(_REFERENCE))
        days, category = int(rest["days"]), str(rest["category"])
        of_artifact = (artifact.tag, artifact.created_at, artifact.metadata)
        return cls(encoder, pairs, days, category, reference, *of_artifact)


Predictor = ResponseModel | FirstLayout
"""A response model of any layout that can be read."""


def load(tag: str) -> Predictor:
    """Load from the model store and prove that it predicts what it did when saved.

    Raises:
        registry.ArtifactMissing: when there is none.
        registry.ArtifactOutdated: when another version has saved it in a layout unknown here.
        registry.ArtifactRefused: when it was changed, or predicts something else here.
    """
    return golden.load(
        tag,
        KIND,
        (_FORMAT,),
        _read,
        lambda model: model.predict(*_golden(model.encoder)),
        rtol=1e-4,
        atol=1e-6,
        command=TRAINED_BY,
    )


def _read(artifact: registry.Artifact) -> Predictor:
    rest = artifact.json(_REST)
    layout = rest.get("layout", _FIRST_LAYOUT)
    if layout not in _READERS:
        raise registry.ArtifactOutdated(
            f"{artifact.tag} was saved by another version of valuebox, in layout {layout}; "
            "`valuebox growth train` makes a new one"
        )
    encoder = Encoder.model_validate_json(artifact.read(_ENCODER))
    return _READERS[layout](artifact, encoder, rest)


_READERS: Final[dict[int, Callable[[registry.Artifact, Encoder, dict[str, Any]], Predictor]]] = {
    _FIRST_LAYOUT: FirstLayout.read,
    _WITHOUT_REFERENCE: ResponseModel._read,
    _LAYOUT: ResponseModel._read,
}


def within(each: NDArray[np.float32], every: NDArray[np.float32], any_: Ranker) -> Matrix:
    """The matrix of a response in each category, with the log-odds of that in any.

    Args:
        each: `(n_customers, n_categories, n_columns)`.
        every: `(n_customers, 1, n_columns)`, of the response in any category.
        any_: Learned of the response in any category.
    """
    customers, categories = each.shape[:2]
    said = any_.regressions.logistic.log_odds(every[:, 0])
    which = np.broadcast_to(np.eye(categories), (customers, categories, categories))
    spread = np.broadcast_to(said[:, None, None], (customers, categories, 1))
    return np.concatenate([each, spread, which], axis=2, dtype=np.float32)


def _trees(place: int, kind: str) -> str:
    return f"trees-{place}-{kind}.ubj"


def _golden(encoder: Encoder) -> tuple[FactColumns, np.datetime64, Positions]:
    """Made-up customers, so that no real one travels with the model: known, unknown, and odd."""
    kinds, categories = (*encoder.types, "never seen"), (*encoder.categories, "never seen")
    count = 3 * len(kinds) * len(categories)
    place = np.arange(count)
    values = {name: values[:1] or ("?",) for name, values in encoder.attributes.values.items()}
    told: list[dict[str, Any] | None] = [
        {name: one for name, (one, *_) in values.items()},
        dict.fromkeys(encoder.attributes.numbers, 1.5),
        None,
    ]
    customers = CustomerColumns(
        Labels(np.zeros(3, dtype=np.int32), ["golden"]),
        np.array(["1", "2", "3"], dtype=object),
        np.array([_AT - np.timedelta64(90, "D"), np.datetime64("NaT"), _AT]),
        told,
    )
    events = EventColumns(
        # The third one has done nothing.
        (place % 2).astype(np.int32),
        Labels((place % len(kinds)).astype(np.int32), list(kinds)),
        _AT - (place * 7 + 1).astype("timedelta64[h]"),
        np.full(count, np.nan),
        Labels((place // 2 % len(categories)).astype(np.int32), list(categories)),
    )
    return FactColumns(customers, events), _AT, np.arange(3)
