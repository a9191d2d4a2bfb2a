"""Rows that callers send one by one, each with columns of its own beside those that are known."""

from collections.abc import Iterator, Sequence, Set
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, ConfigDict, JsonValue, model_validator

from valuebox.schemas import decoding
from valuebox.schemas.by_column import RowsByColumn
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

    table: ClassVar[type[RowsByColumn] | None] = None
    """The model of the same rows by column, of which many are made sooner."""

    @classmethod
    def read(cls, body: bytes) -> "Self | RowsByColumn":
        """As `RequestModel.read`; a table where that is certain to hold the same."""
        table, found = cls.table, None
        if table is not None and table.row is not None and len(body) > decoding.SHORT:
            found = decoding.of_rows(cls, table, table.row, body)
        return cls.model_validate_json(body) if found is None else found

    @property
    def names(self) -> Set[str]:
        """Names of the columns that were sent, of any row."""
        rows: list[Any] = self.root  # type: ignore[attr-defined]
        names: set[str] = set()
        for row in rows:
            # Most rows have the same: to look is quicker than to add.
            if not row.model_fields_set <= names:
                names |= row.model_fields_set
        return names

    def column(self, name: str) -> list[Any]:
        """The values of a known column, None for each row where it was not sent."""
        return [getattr(row, name) for row in self.root]  # type: ignore[attr-defined]

    @property
    def extra(self) -> Sequence[dict[str, Any] | None]:
        """What came in columns that are not known, by row."""
        return [row.model_extra or None for row in self.root]  # type: ignore[attr-defined]

    def outsized(self) -> Iterator[tuple[str | int, ...]]:
        """Rows whose columns of their own are too large, and the largest of these."""
        rows: list[Any] = self.root  # type: ignore[attr-defined]
        for place, row in enumerate(rows):
            if row.model_extra and (largest := outsized(row.model_extra)) is not None:
                yield place, largest
