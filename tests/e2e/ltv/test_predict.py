from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlalchemy import select
from support.services import Service
from support.users import OPTIONAL, user, users

from valuebox.compartments.ltv.tables import LtvFeatures, LtvOutcome, LtvPrediction


def stored_rows(service: Service, request_id: str) -> list[tuple[LtvFeatures, LtvPrediction]]:
    with service.store.reading() as session:
        return [
            tuple(row)
            for row in session.execute(
                select(LtvFeatures, LtvPrediction)
                .join(LtvPrediction, LtvPrediction.features_id == LtvFeatures.id)
                .where(LtvFeatures.request_id == UUID(request_id))
                .order_by(LtvPrediction.id)
            )
        ]


def one_prediction(service: Service, **columns: object) -> float:
    return service.predict([user(**columns)])[0]["prediction"]


def test_users_are_answered_in_order_and_stored_once(service: Service, model_tag: str) -> None:
    sent = users(250, first_id=1_000)
    before = service.count_rows()
    answer = service.http.post("/v1/ltv/predict", json=sent)
    assert answer.status_code == 200
    predictions = answer.json()
    assert [set(one) for one in predictions] == [
        {"user_id", "prediction", "lower", "upper", "model", "prediction_id"}
    ] * len(sent)
    assert [one["user_id"] for one in predictions] == [one["user_id"] for one in sent]
    assert {one["model"] for one in predictions} == {model_tag}
    assert service.count_rows() == {
        **before,
        "ltv_features": before["ltv_features"] + len(sent),
        "ltv_predictions": before["ltv_predictions"] + len(sent),
    }
    stored = stored_rows(service, answer.headers["X-Request-Id"])
    assert [features.user_id for features, _ in stored] == [one["user_id"] for one in sent]
    assert [features.stv for features, _ in stored] == [one["STV"] for one in sent]
    assert [
        (str(row.id), row.prediction, row.lower, row.upper, row.model) for _, row in stored
    ] == [
        tuple(one[name] for name in ("prediction_id", "prediction", "lower", "upper", "model"))
        for one in predictions
    ]
    assert all(one["lower"] <= one["upper"] for one in predictions)


def test_the_answer_depends_on_what_is_known_of_the_user(service: Service) -> None:
    trial = one_prediction(service, STV=0.3975, is_cancelled=1)
    paying = one_prediction(service, STV=16.277625, is_cancelled=0)
    assert paying > trial + 5
    assert one_prediction(service, user_id=2, join_date="2020-01-01") == one_prediction(service)


def test_absent_and_null_mean_the_same(service: Service) -> None:
    absent, null = service.predict(
        [
            {"user_id": 1, "join_date": "2019-08-01"},
            {"user_id": 2, "join_date": "2019-08-01", **dict.fromkeys([*OPTIONAL, "target"])},
        ]
    )
    assert absent["prediction"] == null["prediction"]


@pytest.mark.parametrize("name", OPTIONAL)
def test_every_optional_column_may_be_missing(service: Service, name: str) -> None:
    without = user()
    del without[name]
    absent, null = service.predict([without, user(**{name: None})])
    assert absent["prediction"] == null["prediction"]


def test_extra_columns_are_kept(service: Service) -> None:
    extra = {"campaign": "Grüße 😀", "clicks": {"ads": [1, 2.5, None]}, "id": 5, "hidden ": True}
    answer = service.http.post("/v1/ltv/predict", json=[user(**extra), user()])
    (with_extra, _), (without, _) = stored_rows(service, answer.headers["X-Request-Id"])
    assert with_extra.extra == extra
    assert without.extra is None
    predictions = [one["prediction"] for one in answer.json()]
    assert predictions[0] == predictions[1]


def test_a_target_is_an_outcome_and_no_feature(service: Service) -> None:
    targets = {5_000_001: 99.5, 5_000_002: 0, 5_000_003: None}
    sent = [user(user_id, target=target) for user_id, target in targets.items()]
    answer = service.http.post("/v1/ltv/predict", json=sent)
    assert len({one["prediction"] for one in answer.json()}) == 1
    assert answer.json()[0]["prediction"] == one_prediction(service)
    stored = stored_rows(service, answer.headers["X-Request-Id"])
    assert [features.extra for features, _ in stored] == [None] * 3
    with service.store.reading() as session:
        known = select(LtvOutcome.user_id, LtvOutcome.target).where(LtvOutcome.user_id.in_(targets))
        assert dict(session.execute(known).all()) == {5_000_001: 99.5, 5_000_002: 0.0}


def test_a_user_sent_again_gets_another_row(service: Service) -> None:
    first = service.predict([user(6_000_001), user(6_000_001, STV=0.3975)])
    second = service.predict([user(6_000_001)])
    assert len({one["prediction_id"] for one in first + second}) == 3
    with service.store.reading() as session:
        rows = select(LtvFeatures.stv).where(LtvFeatures.user_id == 6_000_001)
        assert session.scalars(rows.order_by(LtvFeatures.id)).all() == [
            16.277625,
            0.3975,
            16.277625,
        ]


def test_values_never_seen_in_training_are_ordinary_input(service: Service) -> None:
    sent = [
        user(country_segment="CA"),
        user(country_segment="Atlantis"),
        user(aff_type="?", credit_card_level="platinum", country_segment=""),
        user(STV=1_000_000.0),
        user(user_id=0, join_date="1970-01-01T00:00:00Z", STV=0),
        user(user_id=2**63 - 1, join_date="2199-12-31 23:59:59.999999"),
    ]
    predictions = [one["prediction"] for one in service.predict(sent)]
    # Nobody is expected to be worth less than was paid, even where nobody has paid as much.
    assert 1_000_000 <= predictions.pop(3) < 3_000_000
    assert all(-100 < prediction < 1000 for prediction in predictions)
    # What has not been learned is one thing, whatever it is called.
    assert predictions[0] == predictions[1]


def test_gaps_in_every_optional_column_are_ordinary_input(service: Service) -> None:
    sent = users(4_000, first_id=7_000_000, missing=0.1)
    assert all(any(one.get(name) is None for one in sent) for name in OPTIONAL)
    predictions = service.predict(sent)
    assert [one["user_id"] for one in predictions] == [one["user_id"] for one in sent]
    assert all(-100 < one["prediction"] < 1000 for one in predictions)


def test_a_request_takes_ten_thousand_users_and_no_more(service: Service) -> None:
    before = service.count_rows()["ltv_predictions"]
    sent = users(10_001, first_id=8_000_000)
    assert len(service.predict(sent[:-1])) == 10_000
    answer = service.http.post("/v1/ltv/predict", json=sent)
    assert answer.status_code == 400
    assert "10000" in answer.json()["error"]["problems"][0]["message"]
    assert service.count_rows()["ltv_predictions"] == before + 10_000


def test_requests_at_the_same_time_do_not_mix(service: Service) -> None:
    batches = [users(200, first_id=9_000_000 + 1_000 * n, seed=n) for n in range(12)]
    alone = [[one["prediction"] for one in service.predict(batch)] for batch in batches]
    before = service.count_rows()["ltv_predictions"]
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(service.predict, batches))
    assert [[one["prediction"] for one in answer] for answer in together] == alone
    assert service.count_rows()["ltv_predictions"] == before + 12 * 200
