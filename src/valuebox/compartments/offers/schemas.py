"""What the endpoints of offers take and answer."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import (
    BeforeValidator,
    Field,
    JsonValue,
    StringConstraints,
    WithJsonSchema,
)

from valuebox.facts.schemas import MAX_AMOUNT, Id, Source, Type
from valuebox.schemas.by_row import Row
from valuebox.schemas.moments import Moment
from valuebox.schemas.requests import RequestModel
from valuebox.schemas.values import Model

MAX_CANDIDATES: Final = 100
SOURCE: Final = "game"
"""Where players are known from who are sent without a source: as in raw events of the game."""

_WRITTEN: Final = r"^[0-9]{1,12}(\.[0-9]{1,9})?$"


def _number(value: Any) -> Any:
    """A number for what is written as one, as games send it."""
    return float(value) if isinstance(value, str) and re.fullmatch(_WRITTEN, value) else value


Price = Annotated[
    float,
    BeforeValidator(_number),
    Field(strict=True, ge=0, le=MAX_AMOUNT),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0, "maximum": MAX_AMOUNT},
                {"type": "string", "pattern": _WRITTEN},
            ]
        }
    ),
]


class Candidate(Row):
    """An offer that may be shown; whatever else is told of it is learned from as well."""

    offer_type: Type = Field(
        description="What is offered; offers of a type are learned about together.",
        examples=["xmas"],
    )
    offer_price: Price = Field(description="What the offer costs.", examples=[9.99])

    @property
    def told(self) -> dict[str, Any]:
        """All that was sent of the offer, by name."""
        return {**self.__dict__, **(self.model_extra or {})}


class DecideQuestion(Model, RequestModel):
    """Who is there, and what may be offered."""

    max_values = 10 * MAX_CANDIDATES

    source: Source = Field(
        default=SOURCE, description="Where the player is known from.", examples=["game"]
    )
    customer: Id = Field(description="Id of the player within the source.", examples=["F493"])
    session: Id = Field(
        description="The session in which the offer is shown: there is one decision for each.",
        examples=["K237"],
    )
    candidates: Annotated[list[Candidate], Field(min_length=1, max_length=MAX_CANDIDATES)] = Field(
        description="The offers to choose from; at most 100.",
        examples=[
            [
                {"offer_type": "xmas", "offer_price": 9.99},
                {"offer_type": "coins", "offer_price": 4.99},
            ]
        ],
    )
    at: Moment | None = Field(
        default=None,
        description="When the decision is taken: everything stored by now that happened before is "
        "looked at. Null for now.",
        examples=["2017-08-15T09:58:01Z"],
    )

    @property
    def n_rows(self) -> int:
        """A decision is one row."""
        return 1

    def nested(self) -> Iterator[Mapping[str, Any]]:
        """The candidates."""
        return (one.told for one in self.candidates)


class Weighed(Model):
    """A candidate, and what became of it."""

    offer_type: str = Field(description="What is offered.")
    offer_price: float = Field(description="What the offer costs.")
    worth: float | None = Field(
        description="What the model expects the player to spend within a week of seeing the offer, "
        "beyond what the player would spend in any case; null before there is a model."
    )
    propensity: float = Field(
        ge=0, le=1, description="How likely the candidate was chosen; 0 where a rule left it out."
    )
    left_out: str | None = Field(description="The rule that left the candidate out; null for none.")


class Decision(Model):
    """Which offer to show."""

    decision_id: UUID = Field(description="Id of the stored decision.")
    choice: int | None = Field(
        ge=0,
        description="Position of the offer among the candidates of the question, from 0; null "
        "where rules leave none, and nothing is to be shown.",
    )
    propensity: float | None = Field(
        gt=0, le=1, description="How likely this choice was; null where there is none."
    )
    candidates: list[Weighed] = Field(description="Every candidate, in the order asked.")
    model: str | None = Field(
        description="Exact tag of the model that decided; null before there is one, while every "
        "candidate is as likely as the others."
    )
    at: Moment = Field(description="The moment of the decision.")


What = Annotated[str, StringConstraints(pattern="^(shown|purchased|dismissed)$")]


class Feedback(Model):
    """What became of an offer."""

    decision_id: UUID = Field(
        description="Id of the decision.", examples=["01976f3b-0000-7000-8000-000000000000"]
    )
    what: What = Field(
        description="`shown`, `purchased` or `dismissed`: each counts once for a decision.",
        examples=["purchased"],
    )
    time: Moment | None = Field(
        default=None, description="When it happened; null for now.", examples=["2017-08-15T10:00Z"]
    )
    amount: Annotated[float, Field(strict=True, ge=0, le=MAX_AMOUNT)] | None = Field(
        default=None,
        description="What was paid for a purchase; null for the price of the offer.",
        examples=[9.99],
    )


class OffersFeedback(Model, RequestModel):
    """What became of offers, of each as soon as it is known."""

    max_values = 10_000

    feedback: Annotated[list[Feedback], Field(min_length=1, max_length=1_000)] = Field(
        description="What happened; at most 1,000."
    )

    @property
    def n_rows(self) -> int:
        """How much happened."""
        return len(self.feedback)


class FeedbackStored(Model):
    """What has become of feedback."""

    received: int = Field(description="How much was sent.")
    added: int = Field(description="How much of it was new.")


class OffersCard(Model):
    """The model that decides, and how it was made."""

    model: str = Field(description="Tag of the model.")
    kind: str = Field(description="Name of the compartment that the model belongs to.")
    created_at: datetime = Field(description="When the model was learned, in UTC.")
    metadata: dict[str, Any] = Field(
        description="What the model has learned from, how it did, and library versions."
    )


class DecisionQuestion(Model, RequestModel):
    """Which decision to tell of."""

    max_values = 10

    decision_id: UUID = Field(
        description="Id of the decision.", examples=["01976f3b-0000-7000-8000-000000000000"]
    )

    @property
    def n_rows(self) -> int:
        """A decision is one row."""
        return 1


class Came(Model):
    """What came of a decision."""

    shown: bool = Field(description="Whether the offer was seen.")
    own: float = Field(description="Money of the offer's own purchase; 0 where it was not bought.")
    rest: float = Field(description="Money of other purchases within the week, less refunds.")


class Reason(Model):
    """How far something that was known shifts how likely an offer is bought."""

    of: Literal["player", "offer"] = Field(description="Whom or what it was known of.")
    feature: str = Field(description="Name of what was known.", examples=["country"])
    value: JsonValue = Field(description="What was known; null for nothing.")
    contribution: float = Field(
        description="By how much it shifts the log-odds that the offer is bought, against an "
        "average offer shown to an average player: above 0 it is likelier."
    )


class Why(Model):
    """Why a candidate is worth what it is."""

    chance: float = Field(ge=0, le=1, description="How likely the offer is bought, if shown.")
    later: float = Field(
        description="By how much other purchases of the week change where the offer is bought. "
        "`worth` is `chance * (offer_price + later)`."
    )
    reasons: list[Reason] = Field(description="What shifts `chance` most, the strongest first.")
    others: float = Field(
        description="The contributions of everything else, summed. With those of `reasons` and the "
        "log-odds of `average` they are the log-odds of `chance`."
    )


class Explanation(Model):
    """Why candidates are worth what they are, by the model that decided."""

    average: float = Field(
        ge=0, le=1, description="How likely an average player buys an average offer."
    )
    candidates: list[Why] = Field(description="Every candidate, in the order of the decision.")


class ExplainedDecision(Decision):
    """A decision as it was stored, and why it was taken."""

    source: str = Field(description="Where the player is known from.")
    customer: str = Field(description="Id of the player within the source.")
    session: str = Field(description="The session in which the offer is shown.")
    decided_at: Moment = Field(description="When the decision was stored.")
    features: dict[str, JsonValue] = Field(description="What was known of the player, by name.")
    declaration: str = Field(description="Name, version and hash of what declares the features.")
    seed: int = Field(description="What the choice was drawn with.")
    explored: bool = Field(
        description="Whether the choice was drawn among all candidates alike, as some always are."
    )
    is_alike: bool | None = Field(
        description="Whether the model and the seed give the same propensities and choice once "
        "more; null where the model is not in the model store any more."
    )
    why: Explanation | None = Field(
        description="Why candidates are worth what they are; null where no model decided, or where "
        "it is not in the model store any more."
    )
    came: Came | None = Field(
        description="What came of the decision; null until a day after its week."
    )
