"""The query of a view, checked: compartment, segment, model and days."""

import re
from datetime import date
from typing import Annotated, Any, Final, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from valuebox.compartments.register import ledgers
from valuebox.schemas.columns import Text
from valuebox.schemas.moments import FIRST_YEAR, LAST_YEAR
from valuebox.schemas.names import MAX_SEGMENT, MAX_TAG
from valuebox.schemas.queries import write_query
from valuebox.statistics.grain import Grain

_ISO: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _day(value: Any) -> Any:
    # Pydantic would also take seconds since 1970.
    if isinstance(value, str) and not _ISO.fullmatch(value):
        raise PydanticCustomError("iso_day", "Input should be a day such as 2019-07-01")
    return value


def _in_bounds(value: date) -> date:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise PydanticCustomError(
            "year", f"Input should be in the years {FIRST_YEAR} to {LAST_YEAR}"
        )
    return value


Day = Annotated[date, BeforeValidator(_day), AfterValidator(_in_bounds)]


class Choice(BaseModel):
    """Compartment, segment, model and days; None is for the page to decide."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, hide_input_in_errors=True
    )

    compartment: str | None = None
    segment: Annotated[str, Text(MAX_SEGMENT), StringConstraints(min_length=1)] | None = None
    model: Annotated[str, Text(MAX_TAG)] | None = None
    first: Day | None = Field(default=None, alias="from")
    last: Day | None = Field(default=None, alias="to")
    by: Grain | None = None

    @field_validator("compartment")
    @classmethod
    def _is_known(cls, value: str | None) -> str | None:
        names = list(ledgers())
        if value is not None and value not in names:
            raise PydanticCustomError("compartment", f"Input should be one of {', '.join(names)}")
        return value

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.first and self.last and self.first > self.last:
            raise PydanticCustomError("order", "Input should have `from` before `to`")
        return self

    def query(self, **changes: Any) -> str:
        """The query that says the same, or something else in part; empty where it says nothing."""
        return write_query(self, **changes)
