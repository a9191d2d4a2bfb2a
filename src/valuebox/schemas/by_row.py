"""Rows that callers send one by one, each with columns of its own beside those that are known."""

from collections.abc import Iterator
from typing import Annotated, Any, Self

from pydantic import AfterValidator, ConfigDict, JsonValue, model_validator

from valuebox.schemas.requests import RequestModel
from valuebox.schemas.values import Model, no_nul, outsized, storable


class Row(Model):
    """A row; columns that are no fields are kept beside them."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Annotated[JsonValue, AfterValidator(storable)]]

    @model_validator(mode="after")
    def _extra_names_are_storable(self) -> Self:
        for name in self.model_extra or ():
            no_nul(name)
        return self


class RowsByRow(RequestModel):
    """A list of rows, as its `root`."""

    def outsized(self) -> Iterator[tuple[str | int, ...]]:
        """Rows whose columns of their own are too large, and the largest of these."""
        rows: list[Any] = self.root  # type: ignore[attr-defined]
        for place, row in enumerate(rows):
            if row.model_extra and (largest := outsized(row.model_extra)) is not None:
                yield place, largest
