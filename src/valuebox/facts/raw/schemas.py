"""What comes in of raw events, over HTTP."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import Field, StringConstraints

from valuebox.facts.decoding import MAX_ROWS, MAX_VALUES
from valuebox.facts.raw import decoding
from valuebox.facts.raw.reading import Object
from valuebox.facts.schemas import Object as StorableObject
from valuebox.facts.schemas import Source
from valuebox.schemas.decoding import SHORT
from valuebox.schemas.requests import Decoded, RequestModel
from valuebox.schemas.values import Model


@dataclass(frozen=True)
class RawUpload:
    """Raw events that were sent together, whichever way their body was read."""

    mapping: str
    source: str | None
    events: list[Object]


class RawEvents(Model, RequestModel):
    """Events as they come, at most 10,000, and the mapping that says what they mean."""

    max_values = MAX_VALUES

    mapping: Annotated[str, StringConstraints(min_length=1, max_length=100)] = Field(
        description="Name of the mapping: one that is shipped, or one of the site's own.",
        examples=["game"],
    )
    source: Source | None = Field(
        default=None,
        description="Where events are known from that do not say so themselves; null for what the "
        "mapping says.",
        examples=["game"],
    )
    events: Annotated[list[StorableObject], Field(min_length=1, max_length=MAX_ROWS)] = Field(
        description="Objects as they come, whose names the mapping knows.",
        examples=[
            [
                {
                    "event_id": "purchase",
                    "event_time": "2017-08-15T10:03:21",
                    "customer_identifier": "F493",
                    "session_id": "V273",
                    "txn_amount": "9.99",
                    "sku": "coins-pack-4",
                }
            ]
        ],
    )

    @classmethod
    def read(cls, body: bytes) -> "Self | Decoded":
        """As `RequestModel.read`; decoded where that is certain to hold the same."""
        found = decoding.upload_of(body) if len(body) > SHORT else None
        if found is None:
            return cls.model_validate_json(body)
        return Decoded.of(RawUpload(*found), len(found.events))

    @property
    def n_rows(self) -> int:
        """How many events were sent."""
        return len(self.events)

    def nested(self) -> Iterator[dict[str, Any]]:
        """The events."""
        yield from self.events

    @property
    def columns(self) -> RawUpload:
        """What was sent."""
        return RawUpload(self.mapping, self.source, self.events)
