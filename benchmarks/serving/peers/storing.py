"""Rows into PostgreSQL as fast as a driver can: for the limit, and for whoever tunes by hand.

One row is two INSERTs in one statement, which is one round trip and one transaction; more rows are
two COPYs. An empty text would become NULL: nobody here sends one.
"""

import csv
import io
import os
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

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
_FEATURES: Final = f"ltv_features (id, request_id, received_at, {', '.join(FEATURES.values())})"
_PREDICTIONS: Final = (
    "ltv_predictions (id, features_id, model, prediction, lower, upper, predicted_at)"
)
# Put together from names of columns only.
_ONE_ROW: Final = (
    f"INSERT INTO {_FEATURES} VALUES ({', '.join(['%s'] * (3 + len(FEATURES)))}); "  # noqa: S608
    f"INSERT INTO {_PREDICTIONS} VALUES ({', '.join(['%s'] * 7)})"
)


class Writer:
    """Stores what was received and predicted; a connection for every thread.

    Args:
        driver: `psycopg2` or `psycopg`.
    """

    def __init__(self, driver: str = "psycopg2"):
        self._connect = {"psycopg2": _psycopg2, "psycopg": _psycopg}[driver]
        self._local = threading.local()

    def write(self, columns: Mapping[str, Sequence[Any]], scores: Scores, model: str) -> list[str]:
        """All rows of a request in one transaction; returns the ids of its predictions."""
        if not hasattr(self._local, "connection"):
            self._local.connection = self._connect()
        count = len(scores.prediction)
        # Its last 24 bits count the rows; see `new_ids`.
        prefix = str(new_id())[:-6]
        ids = [f"{prefix}{row:06x}" for row in range(count)]
        request_id, now = str(new_id()), datetime.now(UTC).isoformat()
        values = [columns[name] for name in FEATURES]
        features = zip(ids, [request_id] * count, [now] * count, *values, strict=True)
        predictions = zip(ids, ids, [model] * count, *scores, [now] * count, strict=True)
        if count == 1:
            self._local.connection.execute(_ONE_ROW, [*next(features), *next(predictions)])
        else:
            self._local.connection.copy(
                {_FEATURES: _csv(features), _PREDICTIONS: _csv(predictions)}
            )
        return ids


def _csv(rows: Any) -> io.StringIO:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    text.seek(0)
    return text


def _url() -> str:
    return os.environ["DATABASE_URL"].replace("+psycopg2", "")


class _psycopg2:  # noqa: N801
    def __init__(self) -> None:
        import psycopg2

        self._connection = psycopg2.connect(_url())
        self._connection.autocommit = True
        self._cursor = self._connection.cursor()

    def execute(self, statement: str, values: list[Any]) -> None:
        self._cursor.execute(statement, values)

    def copy(self, texts: Mapping[str, io.StringIO]) -> None:
        self._cursor.execute("BEGIN")
        for into, text in texts.items():
            self._cursor.copy_expert(f"COPY {into} FROM STDIN (FORMAT csv)", text, 1 << 18)
        self._cursor.execute("COMMIT")


class _psycopg:  # noqa: N801
    def __init__(self) -> None:
        import psycopg

        self._connection = psycopg.connect(_url(), autocommit=True)
        # Binds on this side, so that two statements may go as one.
        self._cursor = psycopg.ClientCursor(self._connection)

    def execute(self, statement: str, values: list[Any]) -> None:
        self._cursor.execute(statement, values)

    def copy(self, texts: Mapping[str, io.StringIO]) -> None:
        with self._connection.transaction():
            for into, text in texts.items():
                with self._cursor.copy(f"COPY {into} FROM STDIN (FORMAT csv)") as copy:
                    copy.write(text.getvalue())
