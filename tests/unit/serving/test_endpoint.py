"""What an endpoint takes and answers, by the types of its method, and what cannot be declared."""

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import BaseModel
from starlette.datastructures import Headers
from starlette.responses import Response

from valuebox.access.keys import Scope
from valuebox.schemas.requests import RequestModel
from valuebox.serving.bodies import Body
from valuebox.serving.dispatch import Dispatch
from valuebox.serving.endpoint import ROUTES, endpoint

PATH = "/v1/tried"


class Question(RequestModel):
    """What is asked."""

    max_values = 10
    number: int = 1


class Answer(BaseModel):
    """What is answered."""

    number: int


def model_of(question: Question) -> Answer:
    return Answer(number=question.number)


def response_of(question: Question) -> Response:
    return Response(model_of(question).model_dump_json(), media_type="application/json")


def body_and_model(self, question: Question, /) -> Answer:
    return model_of(question)


def body_and_response(self, question: Question, /) -> Response:
    return response_of(question)


def body_and_either(self, question: Question, /) -> Answer | Response:
    return response_of(question)


def nothing_and_model(self) -> Answer:
    return Answer(number=1)


def nothing_and_response(self) -> Response:
    return response_of(Question())


def nothing_and_either(self) -> Answer | Response:
    return response_of(Question())


@pytest.fixture(autouse=True)
def _declared_for_a_test() -> Iterator[None]:
    yield
    ROUTES.pop(PATH, None)


def answered(sent: bytes) -> Response:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": sent}

    async def answer() -> Response:
        dispatch = Dispatch(object(), threads=1)
        found = await dispatch.answer(PATH, Body(receive, Headers(), 10**6, None))
        dispatch.close()
        return found

    return asyncio.run(answer())


@pytest.mark.parametrize(
    ("method", "answers", "takes"),
    [
        (body_and_model, None, Question),
        (body_and_model, Answer, Question),
        (body_and_either, None, Question),
        (body_and_response, Answer, Question),
        (nothing_and_model, None, None),
        (nothing_and_model, Answer, None),
        (nothing_and_either, None, None),
        (nothing_and_response, Answer, None),
    ],
)
def test_each_way_to_declare_an_endpoint_is_answered(
    method: Callable[..., Any], answers: type[BaseModel] | None, takes: type[RequestModel] | None
) -> None:
    endpoint(PATH, Scope.READ, answers=answers)(method)
    route = ROUTES[PATH]
    assert (route.takes, route.answers) == (takes, Answer)
    assert json.loads(bytes(answered(b'{"number": 1}').body)) == {"number": 1}


@pytest.mark.parametrize("method", [body_and_response, nothing_and_response])
def test_what_a_response_of_its_own_holds_has_to_be_told(method: Callable[..., Any]) -> None:
    with pytest.raises(TypeError, match=f"{PATH} needs `answers`"):
        endpoint(PATH, Scope.READ)(method)
    assert PATH not in ROUTES


def test_a_method_takes_the_body_or_nothing() -> None:
    def of_two(self, one: Question, other: Question, /) -> Answer: ...

    def of_plain(self, one: int, /) -> Answer: ...

    for method in (of_two, of_plain):
        with pytest.raises(TypeError, match=method.__name__):
            endpoint(PATH, Scope.READ)(method)
