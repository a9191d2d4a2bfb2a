"""Rows into PostgreSQL as fast as a driver can: for the limit, and for whoever tunes by hand.

One row is two INSERTs in one statement, which is one round trip and one transaction; more rows are
two COPYs. An empty text would become NULL: nobody here sends one. The tables are those of
`own.sql`; with `TABLES=ours` in the environment they are the service's, to show what these cost.
"""

import csv
import io
import itertools
import os
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import psycopg2
from scoring import Scores

from valuebox.store.ids import new_id

FEATURES: Final = {
    "user_id": "user_id",
    "join_date": "join_date",
    "hidden": "hidden",
    "STV": "stv",
    "credit_card_level": "credit_card_level",
    "is_lp": "is_lp",
    "aff_type": "aff_type",
    "is_cancelled": "is_cancelled",
    "country_segment": "country_segment",
}
_OWN: Final = {
    "features": ["id", "received_at", *FEATURES.values()],
    "predictions": ["id", "model", *Scores._fields, "predicted_at"],
}


class Writer:
    """Stores what was received and predicted; a connection for every thread."""

    def __init__(self) -> None:
        self._local = threading.local()
        self._tables = _OWN
        if os.environ.get("TABLES") == "ours":
            self._tables = _ours()
        else:
            self._cursor().execute(Path(__file__).with_name("own.sql").read_text())
        into = {one: f"{one} ({', '.join(names)})" for one, names in self._tables.items()}
        self._copies = {one: f"COPY {into[one]} FROM STDIN (FORMAT csv)" for one in into}
        # Put together from names of columns only.
        self._insert = "; ".join(
            f"INSERT INTO {into[one]} VALUES ({', '.join(['%s'] * len(names))})"  # noqa: S608
            for one, names in self._tables.items()
        )

    def write(self, columns: Mapping[str, Sequence[Any]], scores: Scores, model: str) -> list[str]:
        """All rows of a request in one transaction; returns the ids of its predictions."""
        count = len(scores.prediction)
        # Its last 24 bits count the rows; see `new_ids`.
        prefix = str(new_id())[:-6]
        ids = [f"{prefix}{row:06x}" for row in range(count)]
        now = itertools.repeat(datetime.now(UTC).isoformat())
        facts = {
            "id": ids,
            "features_id": ids,
            "request_id": itertools.repeat(ids[0]),
            "received_at": now,
            **{stored: columns[name] for name, stored in FEATURES.items()},
            "model": itertools.repeat(model),
            **scores._asdict(),
            "predicted_at": now,
        }
        # The ids end every table's rows, whatever is repeated.
        rows = {
            table: zip(*(facts[name] for name in names), strict=False)
            for table, names in self._tables.items()
        }
        cursor = self._cursor()
        if count == 1:
            cursor.execute(self._insert, [*itertools.chain(*map(next, rows.values()))])
        else:
            cursor.execute("BEGIN")
            for table, copy in self._copies.items():
                cursor.copy_expert(copy, _csv(rows[table]), 1 << 18)
            cursor.execute("COMMIT")
        return ids

    def _cursor(self) -> Any:
        if not hasattr(self._local, "cursor"):
            connection = psycopg2.connect(os.environ["DATABASE_URL"].replace("+psycopg2", ""))
            connection.autocommit = True
            self._local.cursor = connection.cursor()
        return self._local.cursor


def _ours() -> dict[str, list[str]]:
    """Tables of the service, and their columns as far as there are facts for them."""
    from valuebox.compartments.ltv.tables import LtvFeatures, LtvPrediction

    return {
        one.__tablename__: [
            column.name for column in one.__table__.columns if column.name != "extra"
        ]
        for one in (LtvFeatures, LtvPrediction)
    }


def _csv(rows: Any) -> io.StringIO:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    text.seek(0)
    return text
