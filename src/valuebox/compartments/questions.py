"""The questions that a service answers, as it tells them."""

from pydantic import Field

from valuebox.schemas.values import Model


class Answerable(Model):
    """A question, and the model that answers it."""

    question: str = Field(
        description="Name of the compartment that answers the question.", examples=["ltv"]
    )
    asks: str = Field(
        description="The question as a sentence.",
        examples=["What will this user spend in a bit more than two months?"],
    )
    model: str | None = Field(
        description="Tag of the model that answers; null where there is none, and the endpoints "
        "answer `not_found`.",
        examples=["ltv:2a4bqzq5x6lzqhqr"],
    )
    how: str | None = Field(
        description="What makes the question answerable; null where it is.", examples=[None]
    )


class Questions(Model):
    """The questions that take a model; whatever else the service answers, it answers without."""

    questions: list[Answerable]
