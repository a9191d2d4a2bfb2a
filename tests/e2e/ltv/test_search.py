from datetime import datetime

import pytest
from support.moments import is_just_now
from support.services import Service
from support.users import user, users

SEARCH, OUTCOMES = "/v1/ltv/predictions/search", "/v1/ltv/outcomes"


def search(service: Service, **conditions: object) -> dict:
    answer = service.http.post(SEARCH, json=conditions)
    assert answer.status_code == 200, answer.text
    return answer.json()


def put(service: Service, targets: dict[int, float]) -> dict:
    body = [{"user_id": user_id, "target": target} for user_id, target in targets.items()]
    answer = service.http.post(OUTCOMES, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_stored_prediction_is_found_as_it_was_answered(service: Service, model_tag: str) -> None:
    answer = service.http.post("/v1/ltv/predict", json=[user(11_000_001, country_segment="CA")])
    predicted = answer.json()[0]
    page = search(service, user_ids=[11_000_001])
    assert page["next_page"] is None
    (found,) = page["predictions"]
    predicted_at = datetime.fromisoformat(found.pop("predicted_at"))
    assert is_just_now(predicted_at)
    assert found == {
        **predicted,
        "model": model_tag,
        "request_id": answer.headers["X-Request-Id"],
        "join_date": "2019-08-01T00:00:21",
        "country_segment": "CA",
        "target": None,
    }


@pytest.mark.parametrize("page_size", [1, 9, 10, 23, 24])
def test_pages_go_through_everything_newest_first(service: Service, page_size: int) -> None:
    sent = users(23, first_id=12_000_000)
    answer = service.http.post("/v1/ltv/predict", json=sent)
    conditions = {"request_id": answer.headers["X-Request-Id"], "page_size": page_size}
    found, after = [], None
    while len(found) < 50:
        page = search(service, **conditions, after=after)
        assert 0 < len(page["predictions"]) <= page_size
        found += page["predictions"]
        after = page["next_page"]
        if after is None:
            break
    assert [one["prediction_id"] for one in found] == [
        one["prediction_id"] for one in reversed(answer.json())
    ]
    assert [one["prediction"] for one in found] == [
        one["prediction"] for one in reversed(answer.json())
    ]


def test_conditions_hold_together(service: Service) -> None:
    days = {13_000_001: "2030-01-01", 13_000_002: "2030-01-02", 13_000_003: "2030-01-03"}
    answer = service.http.post(
        "/v1/ltv/predict", json=[user(user_id, join_date=day) for user_id, day in days.items()]
    )

    def found(**conditions: object) -> list[int]:
        conditions["request_id"] = answer.headers["X-Request-Id"]
        return [one["user_id"] for one in search(service, **conditions)["predictions"]]

    assert found() == [13_000_003, 13_000_002, 13_000_001]
    assert found(joined_from="2030-01-02") == [13_000_003, 13_000_002]
    assert found(joined_before="2030-01-02") == [13_000_001]
    assert found(joined_from="2030-01-02", user_ids=[13_000_001, 13_000_002]) == [13_000_002]
    assert found(user_ids=[13_000_009]) == []


def test_the_newest_come_first_when_nothing_is_asked_for(service: Service) -> None:
    predicted = service.predict(users(3, first_id=14_000_000))
    page = search(service, page_size=3)
    assert [one["prediction_id"] for one in page["predictions"]] == [
        one["prediction_id"] for one in reversed(predicted)
    ]
    assert page["next_page"] == predicted[0]["prediction_id"]


def test_outcomes_are_added_corrected_and_left_alone(service: Service) -> None:
    first = {15_000_001: 10.5, 15_000_002: -3.25}
    service.predict([user(user_id) for user_id in first])
    before = service.count_rows()
    assert put(service, first) == {"received": 2, "added": 2, "corrected": 0, "unchanged": 0}
    assert put(service, first) == {"received": 2, "added": 0, "corrected": 0, "unchanged": 2}
    second = {15_000_002: 4.0, 15_000_003: 1.0}
    assert put(service, second) == {"received": 2, "added": 1, "corrected": 1, "unchanged": 0}
    assert service.count_rows() == {**before, "ltv_outcomes": before["ltv_outcomes"] + 3}
    page = search(service, user_ids=[*first])
    targets = {one["user_id"]: one["target"] for one in page["predictions"]}
    assert targets == {15_000_001: 10.5, 15_000_002: 4.0}


def test_of_an_outcome_sent_twice_the_last_one_counts(service: Service) -> None:
    service.predict([user(16_000_001)])
    body = [{"user_id": 16_000_001, "target": target} for target in (1.0, 2.0)]
    answer = service.http.post(OUTCOMES, json=body)
    assert answer.json()["added"] == 1
    assert search(service, user_ids=[16_000_001])["predictions"][0]["target"] == 2.0


def test_outcomes_may_come_before_predictions(service: Service) -> None:
    put(service, {17_000_001: 7.0})
    service.predict([user(17_000_001)])
    assert search(service, user_ids=[17_000_001])["predictions"][0]["target"] == 7.0


def test_ten_thousand_outcomes_at_once(service: Service) -> None:
    targets = {18_000_000 + n: n / 7 for n in range(10_000)}
    assert put(service, targets)["added"] == 10_000
    assert put(service, targets)["unchanged"] == 10_000
