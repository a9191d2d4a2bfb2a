"""A compartment's steps, taken for one request, for several together, and for many rows."""

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from uuid import UUID

import pytest
from pydantic import RootModel
from pydantic_core import to_json
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.responses import Response

from valuebox.compartments.ltv.tables import LtvFeatures, LtvOutcome
from valuebox.schemas.requests import RequestModel
from valuebox.serving.endpoint import Asked
from valuebox.serving.errors import NoModel, Unanswerable
from valuebox.serving.exchange import Exchange, answering
from valuebox.serving.pipeline import ASIDE_FROM, Pipeline, Steps
from valuebox.serving.replays import AnswerGone, KeyReused, Replays
from valuebox.serving.together import gathered
from valuebox.store.engine import Store
from valuebox.store.ids import Ids
from valuebox.store.upsert import put_latest
from valuebox.store.writing import Rows

JOINED = datetime(2026, 1, 2)
UNKNOWN = 13


class Numbers(RequestModel, RootModel[list[int]]):
    """Users by id; whoever is above 1,000 has an outcome."""

    max_values = 10_000


class Doubling(Steps[Numbers, list[int], list[int]]):
    """Says of each number what twice as much is, and stores the number and nothing else."""

    def __init__(self) -> None:
        self.threads: list[str] = []

    def columns(self, given: Sequence[Numbers]) -> list[int]:
        numbers = [number for one in given for number in one.root]
        if UNKNOWN in numbers:
            raise Unanswerable("Nothing is known of some.")
        return numbers

    def say(self, columns: list[int], exchange: Exchange) -> list[int]:
        self.threads.append(threading.current_thread().name)
        with exchange.timing("predict"):
            return [2 * number for number in columns]

    def rows(
        self,
        ids: Sequence[UUID],
        request_ids: UUID | Sequence[UUID],
        columns: list[int],
        said: Callable[[], list[int]],
    ) -> Iterable[Rows]:
        stored = {"id": ids, "request_id": request_ids, "received_at": datetime.now(UTC)}
        yield Rows(
            LtvFeatures, len(ids), {**stored, "user_id": columns, "join_date": [JOINED] * len(ids)}
        )

    def also(self, given: Numbers) -> Callable[[Session], object] | None:
        known = {number: 1.0 for number in given.root if number > 1_000}
        return (lambda session: put_latest(session, LtvOutcome, known)) if known else None

    def answer(
        self, given: Numbers, columns: list[int], said: list[int], of: slice, ids: Ids
    ) -> Response:
        return Response(to_json({"said": said[of], "ids": ids.texts()}))

    def again(self, given: Numbers, session: Session, request_id: UUID) -> Response:
        query = select(LtvFeatures).where(LtvFeatures.request_id == request_id)
        stored = session.scalars(query.order_by(LtvFeatures.id)).all()
        if len(stored) != given.n_rows:
            raise AnswerGone
        said = [2 * one.user_id for one in stored]
        return Response(to_json({"said": said, "ids": [str(one.id) for one in stored]}))


class WhileStoring(Doubling):
    while_storing: ClassVar[bool] = True


class Service:
    def __init__(self, store: Store, aside: ThreadPoolExecutor):
        self.pipeline = Pipeline(store, Replays(timedelta(days=1)), aside)


@pytest.fixture
def pipeline(store: Store) -> Iterator[Pipeline]:
    with ThreadPoolExecutor(1, thread_name_prefix="aside") as aside:
        yield Service(store, aside).pipeline


def asked(pipeline: Pipeline, steps: Doubling, numbers: list[int], key: str | None = None) -> dict:
    exchange = Exchange(idempotency_key=key)
    exchange.body.update(str(numbers).encode())
    with answering(exchange):
        response = pipeline.predict(steps, Numbers(numbers))
    assert exchange.rows == len(numbers)
    return json.loads(bytes(response.body)) | {"replayed": exchange.replayed}


def count(pipeline: Pipeline, table: type) -> int:
    with pipeline.store.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


@pytest.mark.parametrize("n_rows", [1, ASIDE_FROM + 1])
@pytest.mark.parametrize("steps", [Doubling, WhileStoring])
def test_what_is_said_is_stored_and_answered(
    pipeline: Pipeline, steps: type[Doubling], n_rows: int
) -> None:
    doubling = steps()
    answer = asked(pipeline, doubling, list(range(20, 20 + n_rows)))
    assert answer["said"] == [2 * number for number in range(20, 20 + n_rows)]
    with pipeline.store.reading() as session:
        ids = session.scalars(select(LtvFeatures.id).order_by(LtvFeatures.user_id)).all()
    assert [str(one) for one in ids] == answer["ids"]
    is_aside = n_rows >= ASIDE_FROM and steps.while_storing
    assert doubling.threads[0].startswith("aside") is is_aside


@pytest.mark.parametrize("n_rows", [2, ASIDE_FROM + 1])
def test_a_key_stores_once_and_answers_alike(pipeline: Pipeline, n_rows: int) -> None:
    numbers = list(range(2_000, 2_000 + n_rows))
    first = asked(pipeline, WhileStoring(), numbers, "key")
    assert asked(pipeline, WhileStoring(), numbers, "key") == first | {"replayed": True}
    assert count(pipeline, LtvFeatures) == count(pipeline, LtvOutcome) == n_rows
    with pytest.raises(KeyReused):
        asked(pipeline, WhileStoring(), [1], "key")


def test_what_has_no_answer_stores_nothing_and_leaves_the_key_free(pipeline: Pipeline) -> None:
    with pytest.raises(Unanswerable):
        asked(pipeline, Doubling(), [1, UNKNOWN], "key")
    assert count(pipeline, LtvFeatures) == 0
    assert asked(pipeline, Doubling(), [1], "key")["said"] == [2]


def test_several_are_answered_together_each_by_itself(pipeline: Pipeline) -> None:
    steps = Doubling()
    together, _ = gathered(lambda service: steps)
    service = type("Service", (), {"pipeline": pipeline})()
    sent = [[1, 2], [UNKNOWN], [3]]
    requests = [Asked(Exchange(), Numbers(one)) for one in sent]
    assert all(together.fits(*one) for one in requests)
    answers = together.answer(service, requests)
    assert [one.status_code for one in answers] == [200, 409, 200]
    assert json.loads(bytes(answers[0].body))["said"] == [2, 4]
    with pipeline.store.reading() as session:
        stored = session.execute(select(LtvFeatures.user_id, LtvFeatures.request_id)).all()
    told = {(number, requests[at].exchange.request_id) for number, at in ((1, 0), (2, 0), (3, 2))}
    assert {tuple(row) for row in stored} == told


def test_without_a_model_nobody_is_answered(pipeline: Pipeline) -> None:
    def none(service: object) -> Doubling:
        raise NoModel("doubling", "valuebox double")

    together, _ = gathered(none)
    (answer,) = together.answer(object(), [Asked(Exchange(), Numbers([1]))])
    assert answer.status_code == 404
    assert "no doubling model" in json.loads(bytes(answer.body))["error"]["message"]
