"""The model of recommend: settings and rankers of shops, learned of their sessions.

It holds no session and no visitor: what lists are made of stays in the database.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from valuebox.compartments.recommend.ranking.on_lists import USUAL, Counting
from valuebox.compartments.recommend.ranking.ranker import Ranker
from valuebox.compartments.recommend.ranking.ranker_columns import COLUMNS
from valuebox.compartments.recommend.ranking.setting import Setting
from valuebox.models import boosters, golden, registry
from valuebox.models.cards import beginning, ending

KIND: Final = "recommend"
NEWEST: Final = "recommend"
TRAINED_BY: Final = "valuebox recommend train"
_FORMAT: Final = 1
_SHOPS: Final = "shops.json"
_LISTS: Final = ("fresh", "repeating")


class Learned(NamedTuple):
    """What was learned of a shop."""

    setting: Setting = Setting()
    fresh: Ranker | None = None
    """Ranks lists without the item that is looked at; None where none is better than no ranker."""
    repeating: Ranker | None = None
    """Ranks lists that may have that item."""
    counting: Counting = USUAL
    """What else counts on the first ones."""


@dataclass(frozen=True)
class RecommendModel:
    """What was learned of shops, by source; `tag` is empty until it has been saved."""

    shops: Mapping[str, Learned]
    tag: str = ""
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    metadata: dict[str, Any] = field(default_factory=dict)

    def save(self, name: str, labels: dict[str, str], metadata: dict[str, Any]) -> str:
        """Save into the model store and return the exact tag; see `registry.save`."""
        files, shops = {}, []
        for place, (source, learned) in enumerate(self.shops.items()):
            row: dict[str, Any] = {"source": source, "setting": learned.setting.model_dump()}
            row |= learned.counting._asdict()
            for kind in _LISTS:
                ranker: Ranker | None = getattr(learned, kind)
                row[kind] = None if ranker is None else f"{kind}-{place}.ubj"
                if ranker is not None:
                    files[row[kind]] = bytes(ranker.booster.save_raw("ubj"))
            shops.append(row)
        files |= {
            _SHOPS: registry.as_json({"columns": COLUMNS, "shops": shops}),
            **golden.content(self._golden()),
        }
        return registry.save(name, KIND, _FORMAT, files, labels, metadata)

    def _golden(self) -> NDArray[np.float64]:
        rankers = [
            ranker
            for learned in self.shops.values()
            for ranker in (learned.fresh, learned.repeating)
            if ranker is not None
        ]
        said = [one.golden_values() for one in rankers]
        return np.concatenate(said) if said else np.zeros(0)


def load(tag: str) -> RecommendModel:
    """Load from the model store and prove that it ranks as it did when it was saved.

    Raises:
        registry.ArtifactMissing: when there is none.
        registry.ArtifactOutdated: when another version has saved it in a layout unknown here.
        registry.ArtifactRefused: when it was changed, or ranks otherwise here.
    """
    return golden.load(tag, KIND, (_FORMAT,), _read, RecommendModel._golden, rtol=1e-4, atol=1e-5)


def card_of(model: RecommendModel) -> Mapping[str, str]:
    """What was learned of each shop, in words."""
    shops = {f"shop {source}": _told(learned) for source, learned in model.shops.items()}
    return beginning(model) | shops | ending(model.metadata)


def _told(learned: Learned) -> str:
    changed = learned.setting.model_dump(exclude_defaults=True)
    setting = f"a setting of its own, {changed}" if changed else "the usual setting"
    ranked = [kind for kind in _LISTS if getattr(learned, kind) is not None]
    strength, less, again, likeness = learned.counting
    return (
        f"{setting}; ranked: {' and '.join(ranked) or 'no'} lists; what is seen next counts "
        f"{strength:.2f}; popular items less, {less:.2f}; items seen before {again:.2f}; "
        f"items like these more, {likeness:.2f}"
    )


def _read(artifact: registry.Artifact) -> RecommendModel:
    shops, rest = {}, artifact.json(_SHOPS)
    if tuple(rest["columns"]) != COLUMNS:
        raise registry.ArtifactOutdated(f"{artifact.tag} ranks by other columns; train it again")
    for row in rest["shops"]:
        setting = Setting.model_validate(row["setting"])
        rankers = {
            kind: None
            if row[kind] is None
            else Ranker(boosters.booster_of(artifact.read(row[kind])), kind == "fresh")
            for kind in _LISTS
        }
        # Of models that were saved before clicks taught as much, what is usual is taken.
        taught = {name: row[name] for name in Counting._fields if "likeness" in row}
        shops[row["source"]] = Learned(setting, **rankers, counting=USUAL._replace(**taught))
    return RecommendModel(shops, artifact.tag, artifact.created_at, artifact.metadata)
