"""Events out of the database, fast: texts become codes before Python makes objects of them.

PostgreSQL sends rows of one width, in the binary format of COPY, in which 64 bits of a hash stand
for texts. Whoever knows the texts finds them again by their hashes: two of five million have the
same one with a chance below one in a million. SQLite has no such format, but is read in the same
process.
"""

import json
import math
import time
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Double,
    Select,
    Text,
    case,
    cast,
    func,
    select,
    text,
    values,
)
from sqlalchemy import column as named

from valuebox.facts.copied import copied, hashed
from valuebox.facts.tables import Customer, Event
from valuebox.store.copying import EPOCH
from valuebox.store.deadline import deadline
from valuebox.store.writing import table_of

Kind = tuple[str, str | None]
"""The type of an event and its category, of which there are few pairs."""

EVENTS: Final = table_of(Event).c
CUSTOMERS: Final = table_of(Customer).c

# More of them alive at once are looked through by the garbage collector again and again.
_AT_ONCE: Final = 1_000
_NOBODY: Final = 0


class Wanted(NamedTuple):
    """What to read of events, and what is known of them already."""

    events: ColumnElement[bool]
    customers: ColumnElement[bool]
    amount: ColumnElement[Any]
    type: ColumnElement[str]
    category: ColumnElement[Any]
    kinds: Sequence[Kind]
    keys: Sequence[tuple[str, str]]
    """Source and id of each customer that the condition holds for, in their order."""
    cost: ColumnElement[Any] | None = None
    """Column with the cost of each event; None where costs are not asked for."""


class Scanned(NamedTuple):
    """Events that were read, with one value each in every array."""

    customer: NDArray[np.int32]
    """Position among the keys; -1 where the customer is not there."""
    kind: NDArray[np.int32]
    """Position among the kinds."""
    time: NDArray[np.datetime64]
    amount: NDArray[np.float64]
    cost: NDArray[np.float64]
    """Cost of each event, NaN where it is not known; empty where costs were not asked for."""


def begin(connection: Connection) -> None:
    """Give a transaction on PostgreSQL time enough to read millions of rows."""
    if connection.dialect.name == "postgresql":
        left = deadline() - time.monotonic()
        limit = 0 if math.isinf(left) else max(1, int(1_000 * left))
        for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
            connection.execute(text(f"SET LOCAL {name} = {limit}"))


def moment(dialect: str, column: ColumnElement[Any]) -> ColumnElement[str]:
    """A moment as text in UTC: NumPy reads that faster than Python makes objects of it.

    Args:
        dialect: Name of that of the database.
        column: The moment.
    """
    if dialect == "postgresql":
        column = func.timezone("UTC", column)
    return cast(column, Text)


def as_json(connection: Connection, column: ColumnElement[Any], name: str) -> ColumnElement[str]:
    """A member of an object as the text of JSON, for `of_json`."""
    if connection.dialect.name == "postgresql":
        return cast(column[name], Text)
    # Of a single one SQLite makes a value of its own, 1 of true; of several a list in JSON.
    path = f'$."{name}"'
    return func.json_extract(column, path, path, type_=Text)


def number(connection: Connection, column: ColumnElement[Any], name: str) -> ColumnElement[Any]:
    """A member of an object that is a number; NULL where it is none."""
    if connection.dialect.name == "postgresql":
        kind, value = func.json_typeof(column[name]), column[name].as_string()
        return case((kind == "number", cast(value, Double)))
    path = f'$."{name}"'
    is_number = func.json_type(column, path).in_(["integer", "real"])
    return case((is_number, func.json_extract(column, path, type_=Double)))


def of_json(connection: Connection, text: str) -> Any:
    """The member itself."""
    value = json.loads(text)
    return value if connection.dialect.name == "postgresql" else value[0]


def scan(connection: Connection, wanted: Wanted) -> Scanned:
    """Read events, in no order."""
    if connection.dialect.name == "postgresql":
        return _copied(connection, wanted)
    return _fetched(connection, wanted)


_FIELDS: Final = ("customer", "kind", "time", "amount", "cost")
_FLOATS: Final = ("amount", "cost")


def _copied(connection: Connection, wanted: Wanted) -> Scanned:
    kind = _kind_hash(wanted.type, wanted.category)
    columns = [
        func.coalesce(hashed(EVENTS.customer, hashed(EVENTS.source)), _NOBODY),
        kind,
        EVENTS.time,
        *(func.coalesce(one, math.nan) for one in _amounts(wanted)),
    ]
    query: Select[Any] = select(*columns)
    kinds = {name: ">f8" if name in _FLOATS else ">i8" for name in _FIELDS[: len(columns)]}
    rows = copied(connection, query.where(wanted.events), kinds)
    in_order = select(hashed(CUSTOMERS.id, hashed(CUSTOMERS.source))).where(wanted.customers)
    customers = connection.scalars(in_order.order_by(CUSTOMERS.source, CUSTOMERS.id)).all()
    return Scanned(
        _places(rows["customer"], customers),
        _places(rows["kind"], _kind_hashes(connection, wanted.kinds)),
        EPOCH + rows["time"].astype("timedelta64[us]"),
        rows["amount"].astype(np.float64),
        np.zeros(0) if wanted.cost is None else rows["cost"].astype(np.float64),
    )


def _amounts(wanted: Wanted) -> list[ColumnElement[Any]]:
    return [wanted.amount] if wanted.cost is None else [wanted.amount, wanted.cost]


def _kind_hash(type_: Any, category: Any) -> ColumnElement[int]:
    alone = hashed(type_)
    return func.coalesce(hashed(category, alone), alone)


def _kind_hashes(connection: Connection, kinds: Sequence[Kind]) -> list[int]:
    given = values(named("place", BigInteger), named("type", Text), named("category", Text))
    found: list[int] = []
    for start in range(0, len(kinds), _AT_ONCE):
        some = given.data(
            [(place, *kind) for place, kind in enumerate(kinds[start : start + _AT_ONCE])]
        )
        rows = some.alias("given").c
        category = cast(rows.category, Text)
        found += connection.scalars(select(_kind_hash(rows.type, category)).order_by(rows.place))
    return found


def _places(hashes: NDArray[np.int64], known: Sequence[int]) -> NDArray[np.int32]:
    """Where each hash stands among those that are known; -1 where it is not."""
    import pandas as pd

    index = pd.Index(np.array(known, dtype=np.int64))
    return index.get_indexer(pd.Index(hashes.astype(np.int64))).astype(np.int32)


def _fetched(connection: Connection, wanted: Wanted) -> Scanned:
    customers: dict[Any, int] = {key: place for place, key in enumerate(wanted.keys)}
    kinds: dict[Any, int] = {kind: place for place, kind in enumerate(wanted.kinds)}
    query = select(
        EVENTS.source,
        EVENTS.customer,
        wanted.type,
        wanted.category,
        moment(connection.dialect.name, EVENTS.time),
        *_amounts(wanted),
    )
    parts = [Scanned(*(np.empty(0, kind) for kind in ("i4", "i4", "M8[us]", "f8", "f8")))]
    result = connection.execution_options(yield_per=_AT_ONCE).execute(query.where(wanted.events))
    for rows in result.partitions():
        source, customer, type_, category, when, amount, *cost = zip(*rows, strict=True)
        parts.append(
            Scanned(
                _codes(customers, zip(source, customer, strict=True)),
                _codes(kinds, zip(type_, category, strict=True)),
                np.array(when, dtype="datetime64[us]"),
                np.array(amount, dtype=np.float64),
                np.array(cost, dtype=np.float64).reshape(-1),
            )
        )
    return Scanned(*map(np.concatenate, zip(*parts, strict=True)))


def scan_histories(
    connection: Connection,
    events: ColumnElement[bool],
    type_: ColumnElement[str],
    category: ColumnElement[Any],
    keys: Sequence[tuple[str, str]],
) -> tuple[Scanned, Sequence[Kind]]:
    """Read what some customers did out of SQLite, without amounts, in no order.

    A row is a customer with all events: making a Python object of each of the values of every
    event takes longer than finding them does.

    Args:
        connection: To SQLite.
        events: Which ones.
        type_: Of each, as a text.
        category: What is read along, as `as_json` says it.
        keys: Source and id of the customers.

    Returns:
        The events, and the kinds that their codes stand for.
    """
    customers = {key: place for place, key in enumerate(keys)}
    kinds: dict[Kind, int] = {}
    query = select(
        EVENTS.source,
        EVENTS.customer,
        func.json_group_array(type_, type_=Text),
        # As a text of its own: SQLite would put the list itself into the list.
        func.json_group_array(category.concat(""), type_=Text),
        func.group_concat(moment(connection.dialect.name, EVENTS.time), ","),
    )
    who, what = [np.empty(0, dtype=np.int32)], [np.empty(0, dtype=np.int32)]
    when = [np.empty(0, dtype="datetime64[us]")]
    by_customer = query.where(events).group_by(EVENTS.source, EVENTS.customer)
    for source, customer, types, categories, times in connection.execute(by_customer):
        pairs = list(zip(json.loads(types), json.loads(categories), strict=True))
        # Most of what one customer did, another did before.
        for kind in dict.fromkeys(pairs):
            kinds.setdefault(kind, len(kinds))
        who.append(np.full(len(pairs), customers.get((source, customer), -1), dtype=np.int32))
        what.append(np.fromiter(map(kinds.__getitem__, pairs), dtype=np.int32, count=len(pairs)))
        when.append(np.array(times.split(","), dtype="datetime64[us]"))
    customer_of, kind_of, time_of = (np.concatenate(part) for part in (who, what, when))
    unknown = np.full(len(kind_of), np.nan)
    return Scanned(customer_of, kind_of, time_of, unknown, unknown[:0]), list(kinds)


def _codes(known: dict[Any, int], keys: Iterable[Any]) -> NDArray[np.int32]:
    return np.array([known.get(key, -1) for key in keys], dtype=np.int32)
