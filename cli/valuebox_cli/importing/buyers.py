"""Customers of whom nothing is known but their events: the usual file of transactions."""

from collections.abc import Iterator
from datetime import UTC
from typing import Any, Final

import numpy as np
import pandas as pd
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from valuebox.facts.arriving import ArrivingCustomers
from valuebox.facts.tables import Customer, Event
from valuebox_cli.importing.columns.plain import PlainColumn
from valuebox_cli.importing.events import EventTable, Told, plain
from valuebox_cli.importing.mapping import Buyers
from valuebox_cli.importing.opened import BATCH, BadSource

_TIME: Final = "time"
_CUSTOMER: Final = "customer"
_UNTIL: Final = "until"
# So many rows are kept before they become one for each customer.
_KEPT: Final = 1_000_000


class BuyersSeen:
    """What events tell of customers.

    Args:
        rows: What the mapping says of them.
        tables: Of events, which are asked for the attributes too.
    """

    def __init__(self, rows: Buyers, tables: list[EventTable]):
        self._rows = rows
        self._seen: list[pd.DataFrame] = []
        self._kept = 0
        for table in tables:
            for name, one in rows.attributes.items():
                column = PlainColumn(one.column, one.is_a)
                table.table.want_if_there(("attribute", name), one.column, column)

    def check(self, tables: list[EventTable]) -> None:
        """Refuse attributes that no table of events has.

        Raises:
            BadSource: naming them.
        """
        for name, one in self._rows.attributes.items():
            if not any(table.table.reads(("attribute", name)) for table in tables):
                raise BadSource(f"customers: no table of events has the column {one.column}")

    def see(self, told: Told) -> None:
        """Look at events."""
        table, batch = told.batch.table, told.batch
        columns: dict[str, Any] = {name: told.columns[name] for name in (_CUSTOMER, _TIME)}
        for name in self._rows.attributes:
            key = "attribute", name
            columns[f"\0{name}"] = plain(batch, key) if table.reads(key) else None
        frame = pd.DataFrame(columns)
        frame = frame[batch.rows.good & frame[_CUSTOMER].notna().to_numpy()]
        self._seen.append(self._each_once(frame.assign(until=frame[_TIME])))
        self._kept += len(self._seen[-1])
        if self._kept > _KEPT:
            self._seen = [self._each_once(pd.concat(self._seen))]
            self._kept = len(self._seen[0])

    def _each_once(self, frame: pd.DataFrame) -> pd.DataFrame:
        in_order = frame.sort_values(_TIME if self._rows.told == "first" else _UNTIL, kind="stable")
        each = in_order.groupby(_CUSTOMER, sort=True)
        # Of attributes the first or the last that is there counts.
        told = each.first() if self._rows.told == "first" else each.last()
        return told.assign(time=each[_TIME].min(), until=each[_UNTIL].max()).reset_index()

    def customers(self, session: Session, source: str) -> Iterator[ArrivingCustomers]:
        """The customers, once their events are stored.

        Each came with the first event that is stored of them, be it of this import or of an
        earlier one, unless an earlier moment is known; an import of older events, or of later
        ones, corrects no attribute that it knows less of.

        Args:
            session: To look at what is stored.
            source: That they come from.
        """
        if not self._seen:
            return
        found = self._each_once(pd.concat(self._seen))
        spans = _spans(session, source).reindex(found[_CUSTOMER])
        known = _known(session, source).reindex(found[_CUSTOMER])
        first = spans["first"].to_numpy()
        created = np.fmin(first, known.to_numpy(dtype="datetime64[us]"))
        if self._rows.told == "first":
            tells = found[_TIME].to_numpy() <= first
        else:
            tells = found[_UNTIL].to_numpy() >= spans["last"].to_numpy()
        tells |= known.isna().to_numpy()
        names = list(self._rows.attributes)
        values = [found[f"\0{name}"].tolist() for name in names]
        attributes = [
            _object(names, row) if tell else None
            for *row, tell in zip(*values, tells.tolist(), strict=True)
        ]
        ids = found[_CUSTOMER].tolist()
        for start in range(0, len(ids), BATCH):
            part = slice(start, start + BATCH)
            yield ArrivingCustomers(
                [source] * len(ids[part]), ids[part], created[part], attributes[part]
            )


def _object(names: list[str], values: list[Any]) -> dict[str, Any] | None:
    there = zip(names, values, strict=True)
    return {name: value for name, value in there if value is not None and value == value} or None


def _spans(session: Session, source: str) -> pd.DataFrame:
    """The first and the last event that is stored of every customer, in UTC."""
    query = (
        select(Event.customer, func.min(Event.time), func.max(Event.time))
        .where(Event.source == source, Event.customer.is_not(None))
        .group_by(Event.customer)
    )
    rows = [(one, first, last) for one, first, last in session.execute(query)]
    frame = pd.DataFrame(rows, columns=[_CUSTOMER, "first", "last"]).set_index(_CUSTOMER)
    return pd.DataFrame({name: _moments(frame[name]) for name in frame}, index=frame.index)


def _known(session: Session, source: str) -> "pd.Series[Any]":
    """When every stored customer came, in UTC."""
    query = select(Customer.id, Customer.created).where(Customer.source == source)
    rows = session.execute(query).all()
    frame = pd.DataFrame(
        [(one, created) for one, created in rows], columns=["id", "created"]
    ).set_index("id")
    return pd.Series(_moments(frame["created"]), index=frame.index)


def _moments(values: "pd.Series[Any]") -> Any:
    plain = [one and one.astimezone(UTC).replace(tzinfo=None) for one in values]
    return np.array(plain, dtype="datetime64[us]")
