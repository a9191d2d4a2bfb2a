"""The list of the columns of rows, with those that a model brings; all else is made of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, TypeVar, cast

from pydantic import BaseModel, Field, RootModel, create_model

from valuebox.features.bins import PREDICTION
from valuebox.features.heading import Known
from valuebox.schemas.by_column import RowsByColumn, by_column
from valuebox.schemas.by_row import RowsByRow
from valuebox.schemas.columns import Amount, Column, Flag, Kind, Text, columns_of_rows
from valuebox.schemas.own_columns import NONE, OwnColumns, row_with

Table = TypeVar("Table", bound=RowsByColumn)


@dataclass(frozen=True)
class Shape:
    """The columns of rows as one model takes them."""

    row: type[BaseModel]
    """The model of a row that every model knows; see `columns_of_rows`."""
    aside: tuple[str, ...] = ()
    """Columns that nobody is predicted by, besides those that each row has."""
    own: OwnColumns = NONE
    """Columns that the model brings."""

    def __getstate__(self) -> dict[str, Any]:
        """The fields alone: classes that are made of them cannot be pickled."""
        return {"row": self.row, "aside": self.aside, "own": self.own}

    def with_own(self, own: OwnColumns) -> "Shape":
        """A shape of these rows with columns that a model brings.

        Raises:
            ValueError: when one of these is called like a column that is there, or like something
                else that rows, requests or drift have by name.
        """
        taken = {name.lower() for name in self.known}
        for name in own.columns:
            if name.lower() in taken:
                raise ValueError(f"columns.{name}: is a column that every model knows")
            if name == PREDICTION or any(hasattr(one, name) for one in self._have_names):
                raise ValueError(f"columns.{name}: is a name that valuebox has for something else")
        return Shape(self.row, self.aside, own) if own.columns else self

    @property
    def _have_names(self) -> tuple[type[Any], ...]:
        """Classes whose attributes a field of the same name would take the place of."""
        return self.row, RowsByColumn

    @cached_property
    def known(self) -> Mapping[str, Column]:
        """Every column, by name."""
        return columns_of_rows(self.whole_row)

    @cached_property
    def whole_row(self) -> type[BaseModel]:
        """The model of a row with all of its columns."""
        return row_with(self.row, self.own) if self.own.columns else self.row

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Columns of rows that are to be predicted."""
        return tuple(name for name in self.known if name not in self.aside)

    @cached_property
    def required(self) -> tuple[str, ...]:
        """Columns that every row has."""
        return tuple(name for name, column in self.known.items() if column.required)

    @cached_property
    def numeric(self) -> tuple[str, ...]:
        """Features that are numbers."""
        return self._features(Amount, Flag)

    @cached_property
    def categorical(self) -> tuple[str, ...]:
        """Features that are texts."""
        return self._features(Text)

    @cached_property
    def features(self) -> tuple[str, ...]:
        """Columns that the model looks at."""
        return (*self.numeric, *self.categorical)

    @property
    def optional(self) -> set[str]:
        """Features that no row has to have."""
        return set(self.features).difference(self.required)

    @cached_property
    def amounts(self) -> tuple[str, ...]:
        """Features of many different numbers."""
        return self._features(Amount)

    @cached_property
    def names(self) -> Known:
        """What columns are called."""
        return Known(tuple(self.known), self.features)

    @cached_property
    def made_up(self) -> dict[str, list[Any]]:
        """Values of the own columns in six made-up rows, three of which lack them."""
        return {name: [*one.made_up, None, None, None] for name, one in self.own.columns.items()}

    def by_column(self, table: type[Table], most: int) -> type[Table]:
        """The model of requests that have such rows by column.

        Args:
            table: That of rows without columns of the model's own.
            most: Rows that a request may have.
        """
        if not self.own.columns:
            return table
        return by_column(table.__name__, cast("type[Table]", table.__base__), self.whole_row, most)

    def by_row(self, rows: type[RowsByRow], most: int, most_by_column: int) -> type[RowsByRow]:
        """The model of requests that have such rows one by one.

        Args:
            rows: That of rows without columns of the model's own.
            most: Rows that a request may have.
            most_by_column: Rows that one may have by column.
        """
        if not self.own.columns or rows.table is None:
            return rows
        root: Any = Annotated[list[self.whole_row], Field(min_length=1, max_length=most)]  # type: ignore[name-defined]
        # For a type checker a model made here is one without attributes.
        make: Any = create_model
        model = make(rows.__name__, __base__=(RowsByRow, RootModel[root]))
        model.__doc__ = rows.__doc__
        model.max_values, model.table = rows.max_values, self.by_column(rows.table, most_by_column)
        return cast("type[RowsByRow]", model)

    def _features(self, *kinds: type[Kind]) -> tuple[str, ...]:
        given = columns_of_rows(self.row)
        return tuple(
            name
            for name, column in self.known.items()
            if isinstance(column.kind, kinds)
            and (name in self.own.columns or not given[name].required)
            and name not in self.aside
        )
