"""Rows are the same in the database, however they got there."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from valuebox.compartments.ltv.tables import LtvFeatures, LtvPrediction
from valuebox.store.engine import Store
from valuebox.store.ids import ids_from, new_id
from valuebox.store.texts import Texts
from valuebox.store.writing import COPY_FROM, Rows, Then, write

NOW = datetime(2026, 3, 1, 12, 30, 15, 123_456, tzinfo=UTC)
ODD: dict[str, list[Any]] = {
    "user_id": [0, 1, 2**53 + 1, 2**63 - 1],
    "join_date": [
        datetime(1970, 1, 1),
        datetime(1999, 12, 31, 23, 59, 59, 999_999),
        datetime(2000, 1, 1),
        datetime(2199, 12, 31, 23, 59, 59, 1),
    ],
    "hidden": [0, 1, None, 1],
    "stv": [0.0, None, 5e-324, 1e6],
    "credit_card_level": ["", None, "tab\tnew\nline\\.", "Grüße 😀 'quoted' \"too\" %s %(x)s"],
    "is_lp": [None, None, None, None],
    "aff_type": ["\\N", "NULL", "x" * 100, "😀" * 100],
    "is_cancelled": [1, 1, 1, 1],
    "country_segment": ["US", None, "", "\x7f"],
    "extra": [None, {"a": [1, None, "ü"]}, {"": {}}, {"n": 2**62}],
}


@pytest.mark.parametrize("count", [4, COPY_FROM * 12])
def test_every_value_arrives_as_it_was(store: Store, count: int) -> None:
    request_id = new_id()
    ids = ids_from(request_id, count)
    sent = {name: values * (count // 4) for name, values in ODD.items()}
    moved = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    columns = {"id": ids, "request_id": request_id, "received_at": moved, **sent}
    with store.writing() as session:
        write(session, [Rows(LtvFeatures, count, columns)])
    with store.reading() as session:
        found = session.scalars(select(LtvFeatures).order_by(LtvFeatures.id)).all()
    assert [one.id for one in found] == list(ids)
    assert {(one.request_id, one.received_at) for one in found} == {(request_id, NOW)}
    for name, values in sent.items():
        assert [getattr(one, name) for one in found] == values, name


@pytest.mark.parametrize("count", [4, COPY_FROM])
def test_arrays_are_taken_and_nan_is_null(store: Store, count: int) -> None:
    values = np.where(np.arange(count) % 2, np.nan, 1.25)
    columns = {
        "id": ids_from(new_id(), count),
        "request_id": new_id(),
        "received_at": NOW,
        "user_id": np.arange(count),
        "join_date": datetime(2019, 8, 1),
        "stv": values,
        "hidden": np.where(np.isnan(values), np.nan, 1),
    }
    with store.writing() as session:
        write(session, [Rows(LtvFeatures, count, columns)])
    with store.reading() as session:
        found = session.execute(
            select(LtvFeatures.stv, LtvFeatures.hidden).order_by(LtvFeatures.user_id)
        )
        assert [tuple(one) for one in found] == [(1.25, 1), (None, None)] * (count // 2)


@pytest.mark.parametrize("count", [4, COPY_FROM])
def test_what_the_database_refuses_leaves_nothing(store: Store, count: int) -> None:
    columns = {
        "id": [new_id()] * count,
        "request_id": new_id(),
        "received_at": NOW,
        "user_id": list(range(count)),
        "join_date": datetime(2019, 8, 1),
    }
    with pytest.raises(DBAPIError) as raised, store.writing() as session:
        write(session, [Rows(LtvFeatures, count, columns)])
    assert not raised.value.connection_invalidated
    with store.reading() as session:
        assert session.scalars(select(LtvFeatures)).all() == []


@pytest.mark.parametrize("count", [4, COPY_FROM])
def test_texts_that_are_bytes_already_arrive_as_texts_and_json(store: Store, count: int) -> None:
    names = ["a", None, "", "Grüße"] * (count // 4)
    extra = ['{"a": 1}', None, "{}", '{"ü": [null]}'] * (count // 4)
    columns = {
        "id": ids_from(new_id(), count),
        "request_id": new_id(),
        "received_at": NOW,
        "user_id": np.arange(count),
        "join_date": datetime(2019, 8, 1),
        "aff_type": encoded(names),
        "extra": encoded(extra),
    }
    with store.writing() as session:
        write(session, [Rows(LtvFeatures, count, columns)])
    with store.reading() as session:
        found = session.execute(
            select(LtvFeatures.aff_type, LtvFeatures.extra).order_by(LtvFeatures.user_id)
        )
        objects = [one and json.loads(one) for one in extra]
        assert [tuple(one) for one in found] == list(zip(names, objects, strict=True))


def encoded(texts: list[str | None]) -> Texts:
    """The same, as whoever reads many of them has them."""
    octets = [None if one is None else one.encode() for one in texts]
    lengths = np.array([-1 if one is None else len(one) for one in octets], dtype=np.int64)
    return Texts(lengths, np.frombuffer(b"".join(one or b"" for one in octets), dtype=np.uint8))


def features(ids: Sequence[UUID]) -> Rows:
    """Rows of users who are not told of any further."""
    columns = {
        "id": ids,
        "request_id": new_id(),
        "received_at": NOW,
        "user_id": list(range(len(ids))),
        "join_date": datetime(2019, 8, 1),
    }
    return Rows(LtvFeatures, len(ids), columns)


def predictions(ids: Sequence[UUID]) -> Rows:
    """What was said of them."""
    said = {"features_id": ids, "model": "ltv:one", "prediction": 1.5, "predicted_at": NOW}
    return Rows(LtvPrediction, len(ids), {"id": ids, **said})


AS_FALSE = Then({"postgresql": "SELECT 'nothing'::int", "sqlite": "SELECT nothing"}.__getitem__)


@pytest.mark.parametrize("count", [4, COPY_FROM])
@pytest.mark.parametrize("fails", ["first", "second", "what follows", "asking"])
def test_a_unit_of_work_that_fails_leaves_nothing_open_or_stored(
    store: Store, count: int, fails: str
) -> None:
    ids, twice = ids_from(new_id(), count), [new_id()] * count

    def tables() -> Iterator[Rows | Then]:
        yield features(twice if fails == "first" else ids)
        if fails == "asking":
            raise LookupError("of the second table")
        yield predictions(twice if fails == "second" else ids)
        if fails == "what follows":
            yield AS_FALSE

    with pytest.raises((DBAPIError, LookupError)):
        store.insert(tables())
    with store.reading() as session:
        assert session.scalars(select(LtvFeatures)).all() == []
    # By the same connection, which was given back as it was.
    store.insert([features(ids), predictions(ids)])
    with store.reading() as session:
        assert session.scalars(select(LtvPrediction.id).order_by(LtvPrediction.id)).all() == [*ids]


@pytest.mark.parametrize("count", [4, COPY_FROM])
def test_nobody_is_kept_waiting_by_a_unit_of_work_that_broke_off(
    postgres_store: Store, count: int
) -> None:
    with pytest.raises(DBAPIError):
        postgres_store.insert([features(ids_from(new_id(), count)), AS_FALSE])
    with postgres_store.reading() as session:
        open_ones = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"
        assert session.scalar(text(f"{open_ones} AND datname = current_database()")) == 0


def test_rows_are_stored_where_what_was_prepared_for_them_is_gone(postgres_store: Store) -> None:
    first, second = ids_from(new_id(), 1), ids_from(new_id(), 1)
    postgres_store.insert([features(first), predictions(first)])
    with postgres_store.engine.connect() as connection:
        connection.execute(text("DEALLOCATE ALL"))
        connection.commit()
    for ids in (second, ids_from(new_id(), 1)):
        postgres_store.insert([features(ids), predictions(ids)])
    with postgres_store.reading() as session:
        assert len(session.scalars(select(LtvPrediction.id)).all()) == 3
