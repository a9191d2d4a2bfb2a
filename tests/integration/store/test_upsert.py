"""Rows whose key may be there already, on both databases."""

from datetime import UTC, datetime

from sqlalchemy import event, literal, select

from valuebox.compartments.ltv.tables import LtvOutcome
from valuebox.store.engine import Store
from valuebox.store.upsert import columns_of_new, insert_missing, put_latest, upsert

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def row(user_id: int, target: float) -> dict[str, object]:
    return {"user_id": user_id, "target": target, "first_reported_at": NOW, "changed_at": NOW}


def targets(store: Store) -> dict[int, float]:
    with store.reading() as session:
        query = select(LtvOutcome.user_id, LtvOutcome.target).order_by(LtvOutcome.user_id)
        return {row.user_id: row.target for row in session.execute(query)}


def test_what_is_there_is_left_alone(store: Store) -> None:
    with store.writing() as session:
        assert insert_missing(session, LtvOutcome, row(1, 1.0)) == 1
        assert insert_missing(session, LtvOutcome, row(1, 2.0)) == 0
        more = select(
            (LtvOutcome.user_id + literal(1)).label("user_id"),
            literal(3.0).label("target"),
            LtvOutcome.first_reported_at,
            LtvOutcome.changed_at,
        ).where(LtvOutcome.user_id == 1)
        assert insert_missing(session, LtvOutcome, more) == 1
        assert insert_missing(session, LtvOutcome, more) == 0
    assert targets(store) == {1: 1.0, 2: 3.0}


def test_what_is_there_is_replaced_where_it_should_be(store: Store) -> None:
    replaced = columns_of_new("target")
    with store.writing() as session:
        upsert(session, LtvOutcome, [row(1, 1.0), row(2, 5.0)], replaced)
        upsert(
            session,
            LtvOutcome,
            [row(1, 4.0), row(2, 4.0), row(3, 4.0)],
            replaced,
            lambda new: new["target"] > LtvOutcome.target,
        )
        upsert(
            session, LtvOutcome, row(3, 0.5), lambda new: {"target": LtvOutcome.target + new.target}
        )
    assert targets(store) == {1: 4.0, 2: 5.0, 3: 4.5}


def test_the_latest_value_counts_and_is_told(store: Store) -> None:
    with store.writing() as session:
        assert put_latest(session, LtvOutcome, {2: 1.0, 1: 1.0}) == (2, 2, 0, 0)
    with store.writing() as session:
        assert put_latest(session, LtvOutcome, {3: 7.0, 2: 8.0, 1: 1.0}) == (3, 1, 1, 1)
    assert targets(store) == {1: 1.0, 2: 8.0, 3: 7.0}


def test_many_values_are_replaced_in_a_few_statements(store: Store) -> None:
    many = {number: float(number) for number in range(300)}
    with store.writing() as session:
        assert put_latest(session, LtvOutcome, many) == (300, 300, 0, 0)
    later = {number: float(number + number % 2) for number in range(100, 400)}
    asked: list[int] = []

    def count(*of: object) -> None:
        asked.append(len(of[3]) if of[5] else 1)  # type: ignore[arg-type]

    event.listen(store.engine, "before_cursor_execute", count)
    with store.writing() as session:
        assert put_latest(session, LtvOutcome, later) == (300, 100, 100, 100)
    event.remove(store.engine, "before_cursor_execute", count)
    # PostgreSQL is sent several rows of one statement one after the other.
    assert store.engine.dialect.name == "sqlite" or sum(asked) < 10
    assert targets(store) == many | later
