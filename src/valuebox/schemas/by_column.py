"""Requests that have their rows by column, which are read faster where rows are many."""

from collections.abc import Iterator, Sequence, Set
from typing import Annotated, Any, ClassVar, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    FailFast,
    Field,
    JsonValue,
    ValidationInfo,
    create_model,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from valuebox.schemas import decoding
from valuebox.schemas.columns import columns_of_rows
from valuebox.schemas.requests import RequestModel
from valuebox.schemas.values import Model, no_nul, outsized, storable


class _FirstAlone(FailFast):
    """Names only the first bad value of a column, as there may be many."""

    # BentoML compares annotations as keys.
    __hash__ = object.__hash__


_Storable = Annotated[list[JsonValue], AfterValidator(storable)]


class RowsByColumn(RequestModel, Model):
    """Rows by column, each with one value per row, null where it is missing.

    The first field says how many rows there are. Columns that are no fields are kept beside them.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, _Storable]

    row: ClassVar[type[BaseModel] | None] = None
    """The model of a row, where `by_column` made the request's of it."""

    @classmethod
    def read(cls, body: bytes) -> Self:
        """As `RequestModel.read`; decoded where that is certain to be the same."""
        table = None if cls.row is None else decoding.of_columns(cls, cls.row, body)
        return cls.model_validate_json(body) if table is None else table

    @field_validator("*")
    @classmethod
    def _one_per_row(cls, values: Any, info: ValidationInfo) -> Any:
        first = cls._first()
        rows = info.data.get(first)
        if values is not None and rows is not None and len(values) != len(rows):
            raise _uneven(first, len(rows))
        return values

    @model_validator(mode="after")
    def _other_columns_are_storable(self) -> "RowsByColumn":
        for name, values in (self.model_extra or {}).items():
            no_nul(name)
            if len(values) != self.n_rows:
                raise _uneven(self._first(), self.n_rows)
        return self

    @classmethod
    def _first(cls) -> str:
        return next(iter(cls.model_fields))

    @property
    def n_rows(self) -> int:
        """How many rows were sent."""
        return len(getattr(self, self._first()))

    def outsized(self) -> Iterator[tuple[str | int, ...]]:
        """Rows whose columns of their own are too large, and the largest of these."""
        others = self.model_extra or {}
        for row, values in enumerate(zip(*others.values(), strict=True)):
            if (largest := outsized(dict(zip(others, values, strict=True)))) is not None:
                yield largest, row

    @property
    def names(self) -> Set[str]:
        """Names of the columns that were sent."""
        return self.model_fields_set

    def column(self, name: str) -> Sequence[Any]:
        """The values of a known column, None for each row where it was not sent."""
        return getattr(self, name) or [None] * self.n_rows

    @property
    def extra(self) -> Sequence[dict[str, Any] | None]:
        """What came in columns that are not known, by row."""
        others = self.model_extra
        if not others:
            return [None] * self.n_rows
        return [
            dict(zip(others, values, strict=True)) for values in zip(*others.values(), strict=True)
        ]


Rows = TypeVar("Rows", bound=RowsByColumn)


def by_column(name: str, base: type[Rows], row: type[BaseModel], most: int) -> type[Rows]:
    """A model of requests that have the columns of another one's rows.

    Args:
        name: Of the model.
        base: What the model can do; its docstring describes the model.
        row: Model of a row; see `columns_of_rows`.
        most: Rows that a request may have.
    """
    fields: dict[str, Any] = {}
    for column in columns_of_rows(row).values():
        each: Any = Annotated[list[column.annotation], _FirstAlone()]  # type: ignore[name-defined]
        if not fields:
            each = Annotated[each, Field(min_length=1, max_length=most)]
        told = Field(
            default=... if column.required else None,
            description=column.many.about,
            examples=[list(column.many.examples)],
        )
        fields[column.name] = each if column.required else each | None, told
    model = create_model(name, __base__=base, __module__=base.__module__, **fields)
    model.__doc__ = base.__doc__
    model.row = row
    return model


def _uneven(first: str, rows: int) -> PydanticCustomError:
    return PydanticCustomError(
        "uneven",
        "Every column should have as many values as `{first}`, which has {rows}",
        {"first": first, "rows": rows},
    )
