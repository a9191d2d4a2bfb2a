"""Columns of a warehouse's table as values: ids, names, moments, amounts, whatever they come as.

What a column means is decided by all of its values, as `valuebox import` does: where these can be
read in several ways it is refused, since a wrong guess would be a wrong number that nobody sees.
"""

from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa

from valuebox.compartments.handle.tables import MAX_ID
from valuebox.errors import ValueboxError
from valuebox_cli.importing.columns.amounts import AmountColumn
from valuebox_cli.importing.columns.arrays import of_objects
from valuebox_cli.importing.columns.moments import MomentColumn
from valuebox_cli.importing.columns.money import Separator

_MISSING: Final = ("", "na", "nan", "null", "none")


class Written(NamedTuple):
    """How values of a table are written, where its columns do not show it."""

    format: str | None = None
    """Format of moments, as `MomentColumn` takes it."""
    decimal: Separator | None = None
    """What stands before cents."""


class Columns:
    """The columns of a table.

    Args:
        rows: The table, however it spells the names of its columns.
        table: What messages call it.
        zone: Time zone of moments that come without one.
        written: How values are written.

    Raises:
        ValueboxError: when a column is there more than once.
    """

    def __init__(
        self, rows: pd.DataFrame, table: str, zone: ZoneInfo, written: Written | None = None
    ):
        self.rows, self.zone = rows, zone
        self._table, self._written = table, written or Written()
        self._places: dict[str, int] = {}
        for place, called in enumerate(rows.columns):
            name = str(called).strip().lower()
            if name in self._places:
                raise ValueboxError(f"{table}: has the column {name} more than once")
            self._places[name] = place

    def need(self, *spellings: str) -> None:
        """Refuse a table that has rows, and none of some columns.

        Raises:
            ValueboxError: naming the first spelling.
        """
        if len(self.rows) and not any(one in self._places for one in spellings):
            others = f" (nor {', '.join(spellings[1:])})" if len(spellings) > 1 else ""
            raise ValueboxError(f"{self._table}: has no column {spellings[0]}{others}")

    def values(self, *spellings: str) -> pd.Series:
        """The first column that is there of several spellings of one; nothing without any."""
        for name in spellings:
            if name in self._places:
                return self.rows.iloc[:, self._places[name]]
        return pd.Series(None, index=self.rows.index, dtype=object)

    def ids(self, *spellings: str) -> pd.Series:
        """Ids as texts; see `ids`."""
        return ids(self.values(*spellings))

    def texts(self, *spellings: str) -> pd.Series:
        """Texts without blanks around them; empty where nothing is known."""
        return texts(self.values(*spellings))

    def moments(self, *spellings: str) -> pd.Series:
        """Moments in UTC; see `moments`."""
        name = f"{spellings[0]} of {self._table}"
        return moments(self.values(*spellings), self.zone, name, self._written.format)

    def shown(self, *spellings: str) -> pd.Series:
        """Moments as the clock of the warehouse shows them, without a zone; NaT likewise."""
        in_utc = self.moments(*spellings).dt.tz_localize("UTC")
        local: pd.Series = in_utc.dt.tz_convert(self.zone).dt.tz_localize(None)
        return local

    def amounts(self, *spellings: str) -> pd.Series:
        """Amounts of money, of one currency; NaN where there is none that can be read.

        Raises:
            ValueboxError: when amounts can be read in several ways, or name several currencies.
        """
        name = f"{spellings[0]} of {self._table}"
        column = AmountColumn(name, self._written.decimal)
        found = _arrow(self.values(*spellings))
        column.see(found)
        read = column.decide().read(found)
        if len(currencies := sorted({one for one in read.currency if one})) > 1:
            raise ValueboxError(f"{name} has several currencies: {', '.join(currencies)}")
        return pd.Series(read.value, index=self.rows.index)


def ids(values: pd.Series) -> pd.Series:
    """Ids as texts, whatever they came as: 12, "12", 12.0 and " 12 " are the same.

    What is longer than `MAX_ID` is no id: two of these might begin alike.
    """
    if pd.api.types.is_integer_dtype(values):
        return values.astype(str)
    found = values.astype("string").str.strip().str.removesuffix(".0")
    # PostgreSQL has no text with NUL.
    found = found.str.replace("\0", "", regex=False)
    is_none = found.str.lower().isin(_MISSING) | (found.str.len() > MAX_ID).fillna(False)
    return found.mask(is_none).astype(object)


def texts(values: pd.Series) -> pd.Series:
    """Texts without blanks around them; empty where nothing is known."""
    found = values.astype("string").str.strip().fillna("")
    return found.mask(found.str.lower().isin(_MISSING), "").astype(object)


def moments(values: pd.Series, zone: ZoneInfo, name: str, written: str | None = None) -> pd.Series:
    """Moments in UTC, without a zone, to the second; NaT where there is none from 1970 to 2199.

    Of an hour that a clock shows twice, the first is meant; an hour that it leaves out is the one
    after it.

    Args:
        values: Moments as they came.
        zone: Of moments that come without one.
        name: What messages call the column.
        written: Format of moments; None where the column shows it.

    Raises:
        ValueboxError: when moments can be read in several ways, or in none.
    """
    column = MomentColumn(name, zone, written)
    found = _arrow(values)
    column.see(found)
    times = column.decide().read(found).values
    return pd.Series(times.astype("datetime64[s]"), index=values.index)


def _arrow(values: pd.Series) -> pa.Array | pa.ChunkedArray:
    if values.dtype == object:
        return of_objects(values.where(values.notna(), None).tolist())
    return pa.array(values, from_pandas=True)


def hours(shown: pd.Series) -> pd.Series:
    """Hours of the day, with parts, of what a clock shows."""
    found: pd.Series = (shown - shown.dt.floor("D")).dt.total_seconds() / 3600
    return found


def of_clock(shown: pd.Series, zone: ZoneInfo) -> pd.Series:
    """What a clock shows, in UTC without a zone; see `moments`."""
    first = np.ones(len(shown), dtype=bool)
    found = shown.dt.tz_localize(zone, ambiguous=first, nonexistent="shift_forward")
    in_utc: pd.Series = found.dt.tz_convert("UTC").dt.tz_localize(None).astype("datetime64[s]")
    return in_utc
