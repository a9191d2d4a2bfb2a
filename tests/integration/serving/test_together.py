"""Several small requests for predictions, stored by one statement and answered each on its own."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from starlette.responses import Response
from support.databases import count_rows
from support.users import user, users

from valuebox.access.callers import Caller
from valuebox.access.limits import RateLimited
from valuebox.compartments.ltv.api import LtvApi, OfUsers
from valuebox.compartments.ltv.columns import Estimates, UserColumns
from valuebox.compartments.ltv.counting import UserTally
from valuebox.compartments.ltv.model import LtvModel
from valuebox.compartments.ltv.schemas import Users
from valuebox.compartments.ltv.steps import OfRows
from valuebox.compartments.ltv.tables import LtvFeatures, LtvPrediction
from valuebox.serving.endpoint import ROUTES, Asked, Together
from valuebox.serving.exchange import Exchange
from valuebox.serving.pipeline import Pipeline
from valuebox.serving.replays import Replays
from valuebox.store.engine import IDLE_MS, Store

BREAKS = 666


@dataclass(frozen=True)
class Observed(OfRows):
    """The steps, which take their time, and break over one user."""

    calls: list[int]
    takes: float

    def say(self, columns: UserColumns, exchange: Exchange) -> Estimates:
        self.calls.append(len(columns))
        time.sleep(self.takes)
        if BREAKS in columns.features["STV"]:
            raise RuntimeError("of all users, this one")
        return super().say(columns, exchange)


class Api(LtvApi):
    """The endpoints with a database and a model."""

    def __init__(self, store: Store, model: LtvModel | None, aside: ThreadPoolExecutor):
        self.pipeline = Pipeline(store, Replays(timedelta(days=1)), aside)
        self.store = store
        self.ltv = model
        self.tally = UserTally(model) if model else None
        self.calls: list[int] = []
        self.takes = 0.0

    def ltv_steps(self, of: Callable[..., OfUsers]) -> OfUsers:
        return super().ltv_steps(
            lambda model, tally: Observed(model, tally, self.calls, self.takes)  # type: ignore[arg-type]
        )


class Spent(Caller):
    """Somebody who may send nothing any more in this minute."""

    def __init__(self) -> None:
        pass

    def use_rows(self, rows: int, size: int) -> None:
        raise RateLimited("rows", 1)


@pytest.fixture
def aside() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as threads:
        yield threads


@pytest.fixture
def api(store: Store, model: LtvModel, aside: ThreadPoolExecutor) -> Api:
    return Api(store, model, aside)


def sizes() -> Sequence[Together]:
    return ROUTES["/v1/ltv/predict"].together


def together() -> Together:
    return sizes()[0]


def asked(*sent: list[dict[str, Any]], **changed: Any) -> list[Asked]:
    return [Asked(Exchange(**changed), Users.model_validate(one)) for one in sent]


def told(responses: Sequence[Response]) -> list[tuple[int, dict[str, Any]]]:
    return [(one.status_code, json.loads(bytes(one.body))) for one in responses]


def test_each_is_answered_and_stored_as_if_it_were_alone(api: Api, model: LtvModel) -> None:
    sent = [users(3), users(1, first_id=10), users(9, first_id=20, missing=0.5)]
    requests = asked(*sent)
    answers = told(together().answer(api, requests))
    assert len(api.calls) == 1
    assert [status for status, _ in answers] == [200] * 3
    alone = [told(together().answer(api, asked(one)))[0][1] for one in sent]
    for (_, body), other, one in zip(answers, alone, sent, strict=True):
        assert [row["user_id"] for row in body] == [row["user_id"] for row in one]
        for name in ("prediction", "lower", "upper"):
            assert [row[name] for row in body] == [row[name] for row in other]
        assert {row["model"] for row in body} == {model.tag}
    with api.store.reading() as session:
        for request, (_, body), one in zip(requests, answers, sent, strict=True):
            kept = session.execute(
                select(LtvFeatures.user_id, LtvPrediction.id, LtvPrediction.prediction)
                .join(LtvPrediction, LtvPrediction.id == LtvFeatures.id)
                .where(LtvFeatures.request_id == request.exchange.request_id)
                .order_by(LtvPrediction.id)
            ).all()
            assert [row.user_id for row in kept] == [row["user_id"] for row in one]
            assert [(row.id, row.prediction) for row in kept] == [
                (UUID(row["prediction_id"]), row["prediction"]) for row in body
            ]
            assert set(request.exchange.spent) == {"encode", "predict", "store"}


def test_whoever_has_used_up_a_minute_is_refused_alone(api: Api) -> None:
    requests = [
        *asked(users(1)),
        *asked(users(1, first_id=5), caller=Spent()),
        *asked(users(2, first_id=7)),
    ]
    answers = told(together().answer(api, requests))
    assert [status for status, _ in answers] == [200, 429, 200]
    assert answers[1][1]["error"]["code"] == "rate_limited"
    assert count_rows(api.store)["ltv_predictions"] == 3


def test_one_that_breaks_takes_nobody_along(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    answers = told(together().answer(api, asked(users(2), [user(7, STV=BREAKS)], users(1, 9))))
    assert [status for status, _ in answers] == [200, 500, 200]
    assert answers[1][1]["error"]["code"] == "internal_error"
    assert count_rows(api.store)["ltv_predictions"] == 3
    assert "3 requests are answered one by one (RuntimeError)" in caplog.text


def test_a_crowd_is_stored_as_well(api: Api) -> None:
    requests = asked(*(users(9, first_id=10 * number) for number in range(64)))
    answers = told(together().answer(api, requests))
    assert len(api.calls) == 1
    with api.store.reading() as session:
        for request, (status, body) in zip(requests, answers, strict=True):
            kept = session.execute(
                select(LtvFeatures.user_id, LtvPrediction.prediction)
                .join(LtvPrediction, LtvPrediction.id == LtvFeatures.id)
                .where(LtvFeatures.request_id == request.exchange.request_id)
                .order_by(LtvPrediction.id)
            ).all()
            assert status == 200
            assert [(row["user_id"], row["prediction"]) for row in body] == kept


@pytest.mark.parametrize(
    ("left", "takes", "calls"),
    [(-1.0, 0.0, 1), (IDLE_MS / 1000 + 0.3, 0.4, 2)],
    ids=["before", "meanwhile"],
)
def test_whose_time_is_up_takes_nobody_along(
    api: Api, left: float, takes: float, calls: int
) -> None:
    api.takes = takes
    requests = [
        *asked(users(1), deadline=time.monotonic() + 45),
        *asked(users(1, first_id=5), deadline=time.monotonic() + left),
        *asked(users(2, first_id=7), deadline=time.monotonic() + 45),
    ]
    answers = told(together().answer(api, requests))
    assert [status for status, _ in answers] == [200, 503, 200]
    assert len(api.calls) == calls
    assert count_rows(api.store)["ltv_predictions"] == 3


def test_stages_are_timed_of_what_fails_as_well(api: Api) -> None:
    requests = asked(users(1), users(1, first_id=5))
    with api.store.engine.begin() as connection:
        connection.execute(text("DROP TABLE ltv_predictions"))
    answers = told(together().answer(api, requests))
    assert [status for status, _ in answers] in ([500] * 2, [503] * 2)
    assert all("store" in one.exchange.spent for one in requests)


def test_what_comes_too_late_stores_nothing(api: Api) -> None:
    requests = asked(users(1), users(2, first_id=5), deadline=time.monotonic() - 1)
    answers = told(together().answer(api, requests))
    assert [body["error"]["code"] for _, body in answers] == ["database_unavailable"] * 2
    assert count_rows(api.store)["ltv_predictions"] == 0


@pytest.mark.parametrize(
    ("sent", "size", "key", "fits"),
    [
        (users(9), 2_000, None, [True, True]),
        (users(10), 2_000, None, [False, True]),
        (users(199), 50_000, None, [False, True]),
        (users(200), 50_000, None, [False, False]),
        (users(1), 30_000, None, [False, True]),
        (users(1), 200_000, None, [False, False]),
        (users(1), 200, "sent-before", [False, False]),
        ([user(target=1.0)], 200, None, [False, False]),
    ],
)
def test_what_stores_nothing_else_fits_to_what_is_as_small(
    sent: list[dict[str, Any]], size: int, key: str | None, fits: list[bool]
) -> None:
    exchange = Exchange(idempotency_key=key, size=size)
    given = Users.model_validate(sent)
    assert [one.fits(exchange, given) for one in sizes()] == fits


def test_hundreds_of_rows_of_several_requests_are_those_of_each(api: Api) -> None:
    bodies = [users(120, first_id=1_000 * number, missing=0.2) for number in range(5)]
    # As text, of which a table is made: the dates of several are put together.
    tables = [Users.read(json.dumps(one).encode()) for one in bodies]
    requests = [Asked(Exchange(), one) for one in tables]
    answers = told(sizes()[1].answer(api, requests))
    assert api.calls == [600]
    with api.store.reading() as session:
        for request, (status, body), sent in zip(requests, answers, bodies, strict=True):
            kept = session.execute(
                select(LtvFeatures.id, LtvFeatures.user_id, LtvFeatures.join_date)
                .where(LtvFeatures.request_id == request.exchange.request_id)
                .order_by(LtvFeatures.id)
            ).all()
            assert status == 200
            assert [str(row.id) for row in kept] == [row["prediction_id"] for row in body]
            assert [row.user_id for row in kept] == [row["user_id"] for row in sent]
            assert [f"{row.join_date}" for row in kept] == [row["join_date"] for row in sent]


def test_what_took_its_time_to_arrive_does_not_fit() -> None:
    old = Exchange(deadline=time.monotonic() + 30)
    assert not together().fits(old, Users.model_validate(users(1)))


def test_without_a_model_each_is_told_so(store: Store, aside: ThreadPoolExecutor) -> None:
    answers = told(together().answer(Api(store, None, aside), asked(users(1), users(1, 5))))
    assert [status for status, _ in answers] == [404] * 2
    assert "`valuebox train` makes one" in answers[0][1]["error"]["message"]
