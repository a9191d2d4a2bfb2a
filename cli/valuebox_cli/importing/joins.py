"""Tables that rows point to, beside the rows themselves."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from valuebox_cli.importing.columns.arrays import of_objects
from valuebox_cli.importing.columns.texts import as_texts
from valuebox_cli.importing.opened import BadSource, Opened, Source
from valuebox_cli.importing.parts import Lookup

DOT: Final = "."
_QUOTE: Final = '"'
_KEY: Final = "\0key"
_HANGING: Final = "\0hanging "
_BETWEEN: Final = " + "
_POINT_ZERO: Final = r"^(-?(?:[1-9]\d*|0))\.0+$"


class _Target(NamedTuple):
    """Rows that others point to."""

    keys: pa.Array
    columns: dict[str, pa.Array]


class Join:
    """The columns that a mapping names, own ones and those of lookups.

    A column of the table counts first, so that names with a dot in them can be mapped;
    `lookup."column"` is always the lookup's.

    Args:
        where: The table, for what is said of it.
        names: Of its own columns.
        lookups: The tables that its rows point to.
    """

    def __init__(self, where: str, names: Sequence[str], lookups: Mapping[str, Lookup]):
        self._where, self._names, self._lookups = where, list(names), lookups
        self._own: list[str] = []
        self._found: dict[str, tuple[str, str]] = {}
        self._lacking: list[str] = []
        self._targets: dict[str, _Target] = {}

    def knows(self, reference: str) -> bool:
        """Whether there is such a column, as far as can be told before lookups are read."""
        return reference in self._names or self._of_lookup(reference) is not None

    def want(self, reference: str) -> None:
        """Read this column too."""
        found = self._of_lookup(reference)
        if reference in self._names:
            self._own.append(reference)
        elif found is not None:
            self._found[reference] = found
            self.want(self._lookups[found[0]].by)
        else:
            self._lacking.append(reference)

    def check(self) -> None:
        """Refuse references that lead nowhere.

        Raises:
            BadSource: naming them, and the columns that there are.
        """
        if twice := sorted({one for one in self._own if self._names.count(one) > 1}):
            raise BadSource(f"{self._where}: has more than one column {', '.join(twice)}")
        if lacking := list(dict.fromkeys(self._lacking)):
            prefixes = dict.fromkeys(one.partition(DOT)[0] for one in lacking if DOT in one)
            lookups = f"; of lookups there is none of {', '.join(prefixes)}" if prefixes else ""
            raise BadSource(
                f"{self._where}: lacks the column{'s' * (len(lacking) > 1)} {', '.join(lacking)}; "
                f"it has {', '.join(self._names)}{lookups}{self._near(lacking)}"
            )

    def _near(self, lacking: list[str]) -> str:
        """Columns that are called nearly as some that are lacking, in words."""
        plain = {name.strip().casefold(): name for name in self._names}
        near = [plain[key] for one in lacking if (key := one.strip().casefold()) in plain]
        return f"; nearly so are called {', '.join(map(repr, near))}" if near else ""

    def _of_lookup(self, reference: str) -> tuple[str, str] | None:
        prefix, dot, column = reference.partition(DOT)
        return (prefix, column.strip(_QUOTE)) if dot and prefix in self._lookups else None

    def load(self, source: Source) -> None:
        """Read the tables that rows point to.

        Raises:
            ValueboxError: when one cannot be read, or a key has several rows.
        """
        for name in dict.fromkeys(lookup for lookup, _ in self._found.values()):
            columns = [column for lookup, column in self._found.values() if lookup == name]
            self._targets[name] = _read(source, self._lookups[name], list(dict.fromkeys(columns)))

    def batches(self, opened: Opened) -> Iterator[pa.RecordBatch]:
        """All rows, with a column for each that is wanted, called as the mapping has it."""
        own = list(dict.fromkeys(self._own))
        # Rows without any column would not be counted.
        for batch in opened.batches(own or self._names[:1]):
            columns = {name: batch[name] for name in own}
            at = {
                name: _places(target, batch[self._lookups[name].by])
                for name, target in self._targets.items()
            }
            for reference, (name, column) in self._found.items():
                columns[reference] = self._targets[name].columns[column].take(at[name])
            for name, places in at.items():
                pointing = pc.is_valid(_keys(batch[self._lookups[name].by]))
                columns[_HANGING + name] = pc.and_(pointing, pc.is_null(places))
            yield pa.record_batch(list(columns.values()), names=list(columns))

    def hanging(self, batch: pa.RecordBatch) -> Iterator[tuple[Any, str]]:
        """Rows of a joined batch that lead to no row of a lookup, and what is said of them."""
        for name in self._targets:
            lookup = self._lookups[name]
            if lookup.several is None:
                rows = batch[_HANGING + name].to_numpy(zero_copy_only=False)
                yield rows, f"{lookup.by} leads to no row of {lookup.table or name}"


def _read(source: Source, lookup: Lookup, columns: list[str]) -> _Target:
    with source.open(lookup) as opened:
        join = Join(opened.called, opened.names, lookup.lookups)
        for reference in (lookup.key, *columns):
            join.want(reference)
        join.check()
        join.load(source)
        batches = list(join.batches(opened))
    keys = pa.concat_arrays(
        [_keys(one[lookup.key]) for one in batches] or [pa.nulls(0, pa.string())]
    )
    found = {name: _one([batch[name] for batch in batches]) for name in columns}
    there = keys.is_valid()
    keys, found = keys.filter(there), {name: one.filter(there) for name, one in found.items()}
    return _each_once(lookup, keys, found)


def _each_once(lookup: Lookup, keys: pa.Array, columns: dict[str, pa.Array]) -> _Target:
    frame = pd.Series(keys.to_numpy(zero_copy_only=False))
    again = frame.duplicated(keep="last" if lookup.several == "last" else "first").to_numpy()
    if not again.any():
        return _Target(keys, columns)
    if lookup.several is None:
        texts = {name: as_texts(one) for name, one in columns.items()}
        rows = pd.DataFrame({_KEY: frame, **texts}).drop_duplicates()
        if len(differing := rows[_KEY][rows[_KEY].duplicated()]):
            raise BadSource(
                f"{lookup.called}: several rows have the {lookup.key} "
                f'{differing.iloc[0]}; several = "all", "first" or "last" says what '
                "to take of them"
            )
    kept = pa.array(~again)
    if lookup.several == "all":
        groups = {name: pd.Series(as_texts(one)).groupby(frame) for name, one in columns.items()}
        merged = {name: one.agg(_all_of) for name, one in groups.items()}
        order = keys.filter(kept)
        at = order.to_numpy(zero_copy_only=False)
        return _Target(
            order, {name: pa.array(one.loc[at], pa.string()) for name, one in merged.items()}
        )
    return _Target(keys.filter(kept), {name: one.filter(kept) for name, one in columns.items()})


def _all_of(texts: "pd.Series[Any]") -> str | None:
    return _BETWEEN.join(sorted(set(texts.dropna()))) or None


def _keys(values: pa.Array) -> pa.Array:
    """Keys as texts; whole numbers without a point, whichever side has one."""
    texts = pa.array(as_texts(values), pa.string())
    return pc.replace_substring_regex(texts, _POINT_ZERO, r"\1")


def _places(target: _Target, pointers: pa.Array) -> pa.Array:
    return pc.index_in(_keys(pointers), value_set=target.keys, skip_nulls=True)


def _one(arrays: list[pa.Array]) -> pa.Array:
    """Batches of a column in one array, whatever their types."""
    if not arrays:
        return pa.nulls(0, pa.string())
    if all(one.type == arrays[0].type for one in arrays):
        return pa.concat_arrays(arrays)
    return of_objects(list(np.concatenate([one.to_numpy(zero_copy_only=False) for one in arrays])))
