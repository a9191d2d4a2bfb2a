"""A question that goes along with another is answered as by itself, and asked once."""

from collections.abc import Sequence

import pytest
from sqlalchemy import Connection

from valuebox.store.asking import Aside, rows_of
from valuebox.store.engine import Store


@pytest.mark.parametrize("most", [0, 1, 3])
def test_both_questions_are_answered(store: Store, most: int) -> None:
    with store.looking() as connection:
        aside, numbers = _aside(connection), _numbers(connection, most)
        assert rows_of(connection, *numbers, aside) == [(one, None) for one in range(1, most + 1)]
        assert aside.answer(connection) == ("aside", None)
        assert rows_of(connection, *numbers, aside) == rows_of(connection, *numbers)


def test_a_question_that_nobody_took_along_is_asked_by_itself(store: Store) -> None:
    with store.looking() as connection:
        assert _aside(connection).answer(connection) == ("aside", None)


def _aside(connection: Connection) -> Aside:
    return Aside(f"SELECT {_mark(connection)} AS name, NULL AS gap", ["aside"], 2)


def _numbers(connection: Connection, most: int) -> tuple[str, Sequence[int]]:
    numbers = "SELECT 1 AS number UNION ALL SELECT 2 UNION ALL SELECT 3"
    ordered = "ORDER BY number"
    where = f"WHERE number <= {_mark(connection, 'int')}"
    return f"SELECT number, NULL AS gap FROM ({numbers}) AS numbers {where} {ordered}", [most]


def _mark(connection: Connection, kind: str = "text") -> str:
    return "?" if connection.dialect.name == "sqlite" else f"%s::{kind}"
