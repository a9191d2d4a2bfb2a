"""Several small requests for predictions, stored by one statement and answered each on its own."""

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from starlette.responses import Response
from support.databases import count_rows
from support.users import user, users

from valuebox.access import Caller
from valuebox.endpoint import Asked
from valuebox.exchange import Exchange
from valuebox.limits import RateLimited
from valuebox.ltv import together
from valuebox.ltv.api import LtvApi
from valuebox.ltv.columns import Estimates
from valuebox.ltv.model import LtvModel
from valuebox.ltv.schemas import Users
from valuebox.ltv.tables import LtvFeatures, LtvPrediction
from valuebox.ltv.tally import Tally
from valuebox.store.engine import Store

BREAKS = 666


class Api(LtvApi):
    """The endpoints with a database and a model, which breaks over one user."""

    def __init__(self, store: Store, model: LtvModel):
        self.store = store
        self.ltv = model
        self.tally = Tally(model)
        self.calls = 0

    def estimate(self, exchange: Exchange, features: Mapping[str, Sequence[Any]]) -> Estimates:
        self.calls += 1
        if BREAKS in features["STV"]:
            raise RuntimeError("of all users, this one")
        return super().estimate(exchange, features)


class Spent(Caller):
    """Somebody who may send nothing any more in this minute."""

    def __init__(self) -> None:
        pass

    def use_rows(self, rows: int) -> None:
        raise RateLimited("rows", 1)


@pytest.fixture
def api(store: Store, model: LtvModel) -> Api:
    return Api(store, model)


def asked(*sent: list[dict[str, Any]], **changed: Any) -> list[Asked]:
    return [Asked(Exchange(**changed), Users.model_validate(one)) for one in sent]


def told(responses: Sequence[Response]) -> list[tuple[int, dict[str, Any]]]:
    return [(one.status_code, json.loads(bytes(one.body))) for one in responses]


def test_each_is_answered_and_stored_as_if_it_were_alone(api: Api, model: LtvModel) -> None:
    sent = [users(3), users(1, first_id=10), users(9, first_id=20, missing=0.5)]
    requests = asked(*sent)
    answers = told(together.predict(api, requests))
    assert api.calls == 1
    assert [status for status, _ in answers] == [200] * 3
    alone = [told(together.predict(api, asked(one)))[0][1] for one in sent]
    for (_, body), other, one in zip(answers, alone, sent, strict=True):
        assert [row["user_id"] for row in body] == [row["user_id"] for row in one]
        for name in ("prediction", "lower", "upper"):
            assert [row[name] for row in body] == [row[name] for row in other]
        assert {row["model"] for row in body} == {model.tag}
    with api.store.reading() as session:
        for request, (_, body), one in zip(requests, answers, sent, strict=True):
            kept = session.execute(
                select(LtvFeatures.user_id, LtvPrediction.id, LtvPrediction.prediction)
                .join(LtvPrediction)
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
    answers = told(together.predict(api, requests))
    assert [status for status, _ in answers] == [200, 429, 200]
    assert answers[1][1]["error"]["code"] == "rate_limited"
    assert count_rows(api.store)["ltv_predictions"] == 3


def test_one_that_breaks_takes_nobody_along(api: Api) -> None:
    answers = told(together.predict(api, asked(users(2), [user(7, STV=BREAKS)], users(1, 9))))
    assert [status for status, _ in answers] == [200, 500, 200]
    assert answers[1][1]["error"]["code"] == "internal_error"
    assert count_rows(api.store)["ltv_predictions"] == 3


def test_what_comes_too_late_stores_nothing(api: Api) -> None:
    requests = asked(users(1), users(2, first_id=5), deadline=time.monotonic() - 1)
    answers = told(together.predict(api, requests))
    assert [body["error"]["code"] for _, body in answers] == ["database_unavailable"] * 2
    assert count_rows(api.store)["ltv_predictions"] == 0


@pytest.mark.parametrize(
    ("sent", "key", "fits"),
    [
        (users(9), None, True),
        (users(10), None, False),
        (users(1), "sent-before", False),
        ([user(target=1.0)], None, False),
    ],
)
def test_only_what_is_small_and_stores_nothing_else_fits(
    sent: list[dict[str, Any]], key: str | None, fits: bool
) -> None:
    exchange = Exchange(idempotency_key=key)
    assert together.fits(exchange, Users.model_validate(sent)) is fits
