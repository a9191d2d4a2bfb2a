from datetime import datetime
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import select
from support.databases import count_rows
from support.moments import is_just_now
from support.users import COMPLETE, add_predictions, estimates, received, user, users

from valuebox.compartments.ltv import repository
from valuebox.compartments.ltv.schemas import PredictionPage, PredictionSearch
from valuebox.compartments.ltv.tables import LtvFeatures, LtvPrediction
from valuebox.store.engine import Store
from valuebox.store.ids import new_id

EXTRA = {
    "campaign": "Grüße 😀 'quoted' \"too\"",
    "visits": [1, 2.5, None, True],
    "device": {"os": "iOS", "screens": [[1, 2]]},
    "empty": "",
    "nothing": None,
    "large": 2**62,
}


def add(store: Store, sent: list[dict], values: list[float] | None = None) -> UUID:
    request_id = new_id()
    with store.writing() as session:
        add_predictions(
            session,
            request_id,
            received(sent),
            estimates(*(values or [1.0] * len(sent))),
            "ltv:tested",
        )
    return request_id


def find(store: Store, **search: object) -> PredictionPage:
    with store.reading() as session:
        return repository.find_predictions(session, PredictionSearch.model_validate(search))


def found_users(store: Store, **search: object) -> list[int]:
    return [found.user_id for found in find(store, **search).predictions]


def test_every_column_is_stored_as_received(store: Store) -> None:
    request_id = add(store, [user(**EXTRA)], [12.5])
    with store.reading() as session:
        stored, prediction = session.execute(
            select(LtvFeatures, LtvPrediction).join(
                LtvPrediction, LtvPrediction.id == LtvFeatures.id
            )
        ).one()
    columns = {name: getattr(stored, name.lower()) for name in COMPLETE}
    assert columns == {**COMPLETE, "join_date": datetime(2019, 8, 1, 0, 0, 21)}
    assert stored.extra == EXTRA
    assert stored.request_id == request_id
    assert is_just_now(stored.received_at)
    assert (prediction.prediction, prediction.model) == (12.5, "ltv:tested")
    assert (prediction.lower, prediction.upper) == (12.25, 13.0)
    assert prediction.id == prediction.features_id == stored.id
    assert prediction.predicted_at == stored.received_at


def test_absent_columns_are_stored_as_null(store: Store) -> None:
    add(store, [{"user_id": 2**63 - 1, "join_date": "1970-01-01"}])
    with store.reading() as session:
        stored = session.scalars(select(LtvFeatures)).one()
    assert stored.user_id == 2**63 - 1
    assert stored.join_date == datetime(1970, 1, 1)
    optional = [stored.hidden, stored.stv, stored.credit_card_level, stored.is_lp]
    optional += [stored.aff_type, stored.is_cancelled, stored.country_segment, stored.extra]
    assert optional == [None] * 8


def test_the_target_is_not_stored_among_the_features(store: Store) -> None:
    add(store, [user(target=3.5)])
    with store.reading() as session:
        assert session.scalars(select(LtvFeatures)).one().extra is None


def test_a_moment_with_a_zone_is_stored_in_utc(store: Store) -> None:
    add(store, [user(join_date="2019-08-01T01:30:00+02:00")])
    with store.reading() as session:
        assert session.scalars(select(LtvFeatures.join_date)).one() == datetime(2019, 7, 31, 23, 30)


def test_ids_come_back_in_the_order_sent(store: Store) -> None:
    with store.writing() as session:
        ids = add_predictions(
            session, new_id(), received(users(500)), estimates(*range(500)), "ltv:a"
        )
    with store.reading() as session:
        stored = dict(session.execute(select(LtvPrediction.id, LtvPrediction.prediction)).all())
    assert [stored[row_id] for row_id in ids] == [float(n) for n in range(500)]


def test_predictions_of_a_request_keep_order_and_every_bit(store: Store) -> None:
    rng = np.random.default_rng(3)
    values = [*rng.normal(6, 10, 3000).tolist(), 0.1, 1 / 3, 5e-324, 1.7976931348623157e308]
    values += rng.normal(6, 10, 95).astype(np.float32).astype(float).tolist()
    sent = users(len(values))
    add(store, sent, [0.0] * len(sent))
    request_id = add(store, sent, values)
    add(store, sent, [0.0] * len(sent))
    with store.reading() as session:
        rows = repository.predictions_of(session, request_id)
        stored = [(row.prediction, row.lower, row.upper) for row in rows]
    for found, value in zip(stored, values, strict=True):
        expected = (end.item() for end in estimates(value)())
        assert [end.hex() for end in found] == [end.hex() for end in expected]


def test_ten_thousand_rows_fit_into_one_unit_of_work(store: Store) -> None:
    add(store, users(10_000))
    assert count_rows(store) == {
        "ltv_features": 10_000,
        "ltv_predictions": 10_000,
        "ltv_outcomes": 0,
    }


def test_filters_hold_together(store: Store) -> None:
    first = add(store, [user(1, join_date="2019-07-31 23:59:59"), user(2, join_date="2019-08-01")])
    add(store, [user(1, join_date="2019-08-15"), user(3, join_date="2019-09-01")])
    assert found_users(store) == [3, 1, 2, 1]
    assert found_users(store, user_ids=[1]) == [1, 1]
    assert found_users(store, user_ids=[1, 3, 3, 999]) == [3, 1, 1]
    assert found_users(store, user_ids=[]) == []
    assert found_users(store, request_id=str(first)) == [2, 1]
    assert found_users(store, request_id=str(new_id())) == []
    assert found_users(store, joined_from="2019-08-01", joined_before="2019-09-01") == [1, 2]
    assert found_users(store, joined_from="2019-09-01") == [3]
    assert found_users(store, user_ids=[1], joined_before="2019-08-01") == [1]
    assert found_users(store, user_ids=list(range(1, 10_001))) == [3, 1, 2, 1]


def test_what_is_found_says_what_came_true(store: Store) -> None:
    request_id = add(store, [user(7, country_segment=None), user(8)], [1.5, 2.5])
    with store.writing() as session:
        repository.put_outcomes(session, {8: 9.25})
    known, unknown = find(store, request_id=str(request_id)).predictions
    assert (known.user_id, known.prediction, known.target) == (8, 2.5, 9.25)
    assert (unknown.user_id, unknown.target, unknown.country_segment) == (7, None, None)
    assert known.request_id == request_id
    assert known.join_date == datetime(2019, 8, 1, 0, 0, 21)
    assert is_just_now(known.predicted_at)


@pytest.mark.parametrize("page_size", [1, 7, 10, 25, 100])
def test_pages_lose_and_double_no_row(store: Store, page_size: int) -> None:
    for batch in range(5):
        add(store, users(5, first_id=100 * batch))
    whole = [found.prediction_id for found in find(store, page_size=100).predictions]
    assert len(whole) == 25
    assert whole == sorted(whole, reverse=True)
    paged, after = [], None
    while len(paged) < 50:
        page = find(store, page_size=page_size, after=after)
        paged += [found.prediction_id for found in page.predictions]
        # What arrives between two pages is newer than the first page, and moves nothing.
        add(store, users(2, first_id=9_000))
        if page.next_page is None:
            break
        assert len(page.predictions) == page_size
        after = str(page.next_page)
    assert paged == whole
