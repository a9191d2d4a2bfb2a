"""Which questions a service can answer, by the models that it was started with."""

import logging
from typing import Final, Literal

from pydantic import Field
from starlette.responses import JSONResponse

from valuebox.access.keys import Scope
from valuebox.compartments.ltv.model import LtvModel
from valuebox.compartments.response.model import Predictor
from valuebox.schemas.values import Model
from valuebox.serving.endpoint import endpoint
from valuebox.serving.errors import error_response

Question = Literal["ltv", "response"]

_COMMANDS: Final[dict[Question, str]] = {
    "ltv": "valuebox train",
    "response": "valuebox growth train",
}
_ASKED: Final[dict[Question, str]] = {
    "ltv": "What will users be worth?",
    "response": "Which customers will respond within the coming period?",
}

_log = logging.getLogger("valuebox")


class Answerable(Model):
    """One question, and by which model it is answered."""

    question: Question = Field(description="The compartment that it belongs to.")
    asks: str = Field(description="The same for people.", examples=[_ASKED["ltv"]])
    model: str | None = Field(
        description="Tag of the model that answers; null where there is none, and the endpoints "
        "answer `not_found`.",
        examples=["ltv:2a4bqzq5x6lzqhqr"],
    )
    how: str | None = Field(
        description="What makes it answerable; null where it is.", examples=[None]
    )


class Questions(Model):
    """The questions that take a model; whatever else the service answers, it answers without."""

    questions: list[Answerable]


class ModelsApi:
    """Needs these from the service that it is part of."""

    ltv: LtvModel | None
    responses: Predictor | None

    @endpoint("/v1/models", Scope.PREDICT, Scope.READ)
    def models(self) -> Questions:
        """Which questions the service can answer, by which models, and what the others lack."""
        return Questions(questions=answerable(self.ltv, self.responses))


def answerable(ltv: LtvModel | None, responses: Predictor | None) -> list[Answerable]:
    """Every question that takes a model."""
    tags: dict[Question, str | None] = {
        "ltv": ltv.tag if ltv else None,
        "response": responses.tag if responses else None,
    }
    return [
        Answerable(question=one, asks=_ASKED[one], model=tag, how=None if tag else _how(one))
        for one, tag in tags.items()
    ]


def announce(ltv: LtvModel | None, responses: Predictor | None) -> None:
    """Log, when a service starts, by which models it answers, and what it cannot."""
    for one in answerable(ltv, responses):
        if one.model:
            _log.info("%s is answered by %s", one.question, one.model)
        else:
            _log.warning("%s is not answered: %s", one.question, one.how)


def no_model(question: Question) -> JSONResponse:
    """The answer to a question that takes a model which is not there."""
    return error_response("not_found", _how(question))


def _how(question: Question) -> str:
    return (
        f"This service has no {question} model; `{_COMMANDS[question]}` makes one, and a service "
        "takes it when it starts."
    )
