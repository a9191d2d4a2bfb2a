"""An index of clicks: built once from columns, then mapped from files by everybody who asks it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from valuebox.compartments.recommend.ranking.clicks import Clicks
from valuebox.compartments.recommend.ranking.ids import Ids
from valuebox.compartments.recommend.ranking.rules import Rules, rules_of
from valuebox.compartments.recommend.ranking.sessions import (
    Counts,
    Grouped,
    Int32s,
    Sessions,
    counts_of,
    origin_of,
    sessions_of,
)
from valuebox.compartments.recommend.ranking.setting import DAY, Setting
from valuebox.errors import ValueboxError
from valuebox.statistics.arrays import Floats

_FORMAT: Final = 1
_META: Final = "index.json"


class IndexRefused(ValueboxError):
    """The folder holds no index that this version can read."""


class Unfinished(NamedTuple):
    """Sessions that may still go on, those of machines too: all clicks, as a delta needs them."""

    keys: NDArray[np.int64]
    begins: NDArray[np.int64]
    items: Int32s
    times: Floats
    places: Int32s
    """Place of each among the index's sessions, -1 for none, `(n_unfinished,)`."""

    @property
    def clicks(self) -> Clicks:
        """The sessions with their clicks."""
        return Clicks(self.keys, self.begins, self.items, self.times)


_TABLES: Final[dict[str, Any]] = {
    "ids": Ids,
    "sessions": Sessions,
    "counts": Counts,
    "rules": Rules,
    "unfinished": Unfinished,
}


@dataclass(frozen=True)
class Index:
    """Sessions of visitors until a moment, as arrays; nothing of it is ever changed."""

    setting: Setting
    origin: float
    """Seconds since 1970 from which its times are counted; see `origin_of`."""
    until: float
    """Seconds since 1970 of its last click; `origin` where there is none."""
    n_sessions: int
    """How many sessions there are, with those of one item alone."""
    n_clicks: int
    """How many clicks there are in them."""
    ids: Ids
    sessions: Sessions
    counts: Counts
    rules: Rules
    unfinished: Unfinished
    _priors: dict[float, Floats] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def build(
        cls,
        sessions: ArrayLike,
        items: ArrayLike,
        times: ArrayLike,
        item_ids: Sequence[str],
        setting: Setting | None = None,
    ) -> Self:
        """Build an index of clicks that come in any order.

        Args:
            sessions: Number of each click's session, `(n_clicks,)` integers.
            items: Code of each click's item: its place in `item_ids`.
            times: Seconds since 1970.
            item_ids: Id of each item, all different.
            setting: How to split and count; the usual one by default.

        Raises:
            ValueError: where columns differ in length, or hold what they cannot.
        """
        setting = setting or Setting()
        ids = Ids.of(item_ids)
        n_items = len(ids)
        everything = Clicks.of(sessions, items, times, n_items, setting)
        bots = everything.bots(setting)
        clicks = everything.where(~bots) if bots.any() else everything
        until = float(clicks.times.max()) if len(clicks.times) else 0.0
        origin = origin_of(clicks.times, until) if len(clicks.times) else until
        grouped = Grouped.of(clicks)
        found, place = sessions_of(clicks, grouped, n_items, setting.latest, origin)
        counts = counts_of(clicks, grouped, n_items, origin, until, DAY)
        order = grouped.order
        del grouped
        rules = rules_of(clicks, order, n_items, setting.steps, setting.rules_kept)
        places = np.full(len(bots), -1, dtype=np.int32)
        places[~bots] = place
        young = everything.ended >= until - setting.open_for
        return cls(
            setting=setting,
            origin=origin,
            until=until,
            n_sessions=len(clicks.keys),
            n_clicks=len(clicks.items),
            ids=ids,
            sessions=found,
            counts=counts,
            rules=rules,
            unfinished=Unfinished(*everything.where(young), places[young]),
        )

    def save(self, folder: Path) -> None:
        """Write the index as plain files into a folder, which is made; `index.json` comes last."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, array in self._arrays():
            np.save(folder / f"{name}.npy", array, allow_pickle=False)
        meta = {
            "format": _FORMAT,
            "setting": self.setting.model_dump(mode="json"),
            "origin": self.origin,
            "until": self.until,
            "n_sessions": self.n_sessions,
            "n_clicks": self.n_clicks,
        }
        (folder / _META).write_text(json.dumps(meta, indent=1))

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Map an index from the files of its folder; processes that do share the memory.

        Raises:
            IndexRefused: where the folder holds none, or one of another version.
        """
        try:
            meta = json.loads((folder / _META).read_text())
            if meta.pop("format") != _FORMAT:
                raise IndexRefused(f"{folder} holds an index of another version; build it again")
            setting = Setting.model_validate(meta.pop("setting"))
            tables = {
                name: table(*(_mapped(folder / f"{name}-{field}.npy") for field in table._fields))
                for name, table in _TABLES.items()
            }
            return cls(setting=setting, **meta, **tables)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise IndexRefused(f"{folder} holds no index that can be read: {error}") from None

    def prior(self, age: float) -> Floats:
        """What each session weighs whoever asks, `(n_sessions,)`; kept for the next delta.

        Args:
            age: Days after which a session counts 1/e.
        """
        if age not in self._priors:
            until = self.until - self.origin
            self._priors.clear()
            self._priors[age] = self.sessions.prior(until, age * DAY)
        return self._priors[age]

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays: what processes share."""
        return sum(array.nbytes for _, array in self._arrays())

    def _arrays(self) -> Iterator[tuple[str, NDArray[Any]]]:
        for name, table in _TABLES.items():
            for column in table._fields:
                yield f"{name}-{column}", getattr(getattr(self, name), column)


def _mapped(file: Path) -> NDArray[Any]:
    """The array of a file, as a plain view of its mapping: subclasses cost time at each use."""
    array = np.load(file, mmap_mode="r", allow_pickle=False)
    return np.asarray(array)
