"""The made-up log in a database, as requests would have stored it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import pandas as pd
import pyarrow.parquet as pq
from benchmarks.features.made_log import Size, write_log
from sqlalchemy import text

from valuebox.facts.tables import Event
from valuebox.store import migrate
from valuebox.store.engine import Store, make_engine
from valuebox.store.writing import Rows, write

HEAVY: Final = 20_000
"""Events of one customer."""
EACH: Final = 25
"""Events of the others, on average."""
_BATCH: Final = 100_000
_PROPERTIES: Final = (
    *("won", "country", "signin_method", "offer_type", "offer_price", "txn_amount"),
    *("device", "level"),
)


class Players(NamedTuple):
    """Who is asked about."""

    usual: list[str]
    """With about as many events as most have that play."""
    heavy: str
    """With twenty thousand."""


def stored(url: str, events: int, folder: Path) -> Players:
    """Fill a new database, and say whom to ask about."""
    store = Store(make_engine(url))
    migrate.upgrade(store.engine)
    log = folder / "log.parquet"
    if not log.exists():
        write_log(log, Size(events, events // EACH, bot=HEAVY))
    for rows in _batches(log):
        with store.writing() as session:
            write(session, [rows])
    if store.engine.dialect.name == "postgresql":
        with store.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(text("VACUUM ANALYZE events"))
    with store.reading() as session:
        counts = text("SELECT customer, count(*) FROM events GROUP BY customer")
        found = sorted((count, who) for who, count in session.execute(counts))
    store.close()
    middle = len(found) // 2
    return Players([who for _, who in found[middle : middle + 4_000]], found[-1][1])


def _batches(log: Path) -> Iterator[Rows]:
    first = ~pd.Index(pq.read_table(log, columns=["id"])["id"].to_pandas()).duplicated()
    begin = 0
    for batch in pq.ParquetFile(log).iter_batches(_BATCH):
        kept = first[begin : begin + len(batch)]
        begin += len(batch)
        columns: dict[str, Any] = batch.filter(kept).to_pydict()
        properties = zip(*(columns.pop(name) for name in _PROPERTIES), strict=True)
        columns["properties"] = [
            {name: one for name, one in zip(_PROPERTIES, row, strict=True) if one is not None}
            for row in properties
        ]
        columns["currency"] = [None if one is None else "EUR" for one in columns["amount"]]
        yield Rows(Event, int(kept.sum()), columns)
