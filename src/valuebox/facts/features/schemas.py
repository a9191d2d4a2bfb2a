"""Questions for features, and answers to them, as they come and go over HTTP."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

from pydantic import ConfigDict, Field, JsonValue, model_validator
from pydantic_core import PydanticCustomError

from valuebox.facts.schemas import Id, Object, Source
from valuebox.features.declared.declaration import Version
from valuebox.schemas.moments import Moment
from valuebox.schemas.requests import RequestModel
from valuebox.schemas.values import Model

MOST: Final = 1_000


class CustomerAsked(Model):
    """A customer for whom a decision is taken."""

    source: Source = Field(description="Where the customer is known from.", examples=["game"])
    id: Id = Field(description="Id of the customer within the source.", examples=["F493"])
    session: Id | None = Field(
        default=None,
        description="Session in which the decision is taken; null for none. Declarations whose "
        "blocks are sessions leave it out of the last ones.",
        examples=["K237"],
    )
    properties: Object | None = Field(
        default=None,
        description="Properties of the decision itself, which columns of the anchor read.",
        examples=[{"offer_type": "xmas"}],
    )


class SessionAsked(Model):
    """A session, of somebody or nobody, for which a decision is taken."""

    source: Source = Field(description="Where the session is known from.", examples=["shop"])
    id: Id = Field(description="Id of the session within the source.", examples=["s-4711"])
    properties: Object | None = Field(
        default=None,
        description="Properties of the decision itself, which columns of the anchor read.",
        examples=[{"page": "basket"}],
    )


def _of_one_kind(schema: dict[str, Any]) -> None:
    schema["oneOf"] = [
        {"required": [name], "properties": {name: {"type": "array"}, other: {"type": "null"}}}
        for name, other in (("customers", "sessions"), ("sessions", "customers"))
    ]


class FeaturesQuestion(Model, RequestModel):
    """Whose features, by which declaration, at which moment."""

    model_config = ConfigDict(json_schema_extra=_of_one_kind)
    max_values = 100 * MOST

    declaration: Annotated[str, Field(min_length=1, max_length=63)] = Field(
        description="Name of a declaration that was added with `valuebox features add`.",
        examples=["offers"],
    )
    version: Version | None = Field(
        default=None, description="Its version; null for the one that answers."
    )
    at: Moment | None = Field(
        default=None,
        description="When the decision is taken: everything stored by now that happened before is "
        "looked at. Null for now.",
        examples=["2017-08-15T09:58:01Z"],
    )
    customers: Annotated[list[CustomerAsked], Field(min_length=1, max_length=MOST)] | None = Field(
        default=None,
        description="Customers, where the declaration is of customers; at most 1,000.",
        examples=[[{"source": "game", "id": "F493", "session": "K237"}]],
    )
    sessions: Annotated[list[SessionAsked], Field(min_length=1, max_length=MOST)] | None = Field(
        default=None,
        description="Sessions, where the declaration is of sessions; at most 1,000.",
        # Whoever puts the examples of all fields together asks for one kind.
        examples=[None],
    )

    @model_validator(mode="after")
    def _asks_of_one_kind(self) -> "FeaturesQuestion":
        if (self.customers is None) is (self.sessions is None):
            raise PydanticCustomError("kind", "Input should have either customers or sessions")
        return self

    def nested(self) -> Iterator[Mapping[str, Any]]:
        """Customers or sessions that are asked about, and the properties of each."""
        for one in self.customers or self.sessions or ():
            yield dict.fromkeys(one.model_fields_set)
            if one.properties is not None:
                yield one.properties

    @property
    def n_rows(self) -> int:
        """How many customers or sessions are asked about."""
        return len(self.customers or self.sessions or ())


class FeaturesRow(Model):
    """The features of a customer or a session."""

    source: str = Field(description="Where the customer or session is known from.")
    id: str = Field(description="Id of the customer or session within the source.")
    features: dict[str, JsonValue] = Field(
        description="Every feature by its name, null where it is missing."
    )


class Features(Model):
    """Features as of a moment."""

    declaration: str = Field(description="Name of the declaration that was worked out.")
    version: int = Field(description="Its version.")
    hash: str = Field(description="What tells it from every other that means something else.")
    at: Moment = Field(description="The moment that the features are of.")
    rows: list[FeaturesRow] = Field(description="A row for each that was asked about, in order.")
