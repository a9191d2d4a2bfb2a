"""Whatever Python programs hold their rows in, as bodies of requests."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from pydantic_core import PydanticSerializationError, to_json

from valuebox.client.errors import ServiceError
from valuebox.errors import ValueboxError
from valuebox.schemas import plain
from valuebox.schemas.plain import is_frame

if TYPE_CHECKING:
    import pandas as pd
    from pydantic import BaseModel

    from valuebox.compartments.ltv.bulk import PredictionTable

Columns: TypeAlias = Mapping[str, Sequence[Any]]
"""Columns by name, all of the same length."""
Rows: TypeAlias = "Iterable[Mapping[str, Any] | BaseModel] | pd.DataFrame"
"""Rows: dictionaries, or a data frame."""


def rows_of(given: Rows) -> list[Any]:
    """Rows as JSON holds them."""
    if is_frame(given):
        columns = columns_of(given)
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return [plain.plain(one) for one in given]


def columns_of(given: "Columns | pd.DataFrame") -> dict[str, list[Any]]:
    """Columns as JSON holds them.

    Raises:
        ServiceError: when two columns have the same name.
    """
    try:
        return plain.columns_of(given)
    except ValueboxError as error:
        raise ServiceError(str(error), "invalid_input") from None


def encoded(body: Any) -> bytes:
    """A body as it is sent; infinite numbers are left for the service to refuse by row and field.

    Raises:
        ServiceError: when something in it is nothing that JSON holds.
    """
    try:
        return to_json(body, inf_nan_mode="constants")
    except (PydanticSerializationError, ValueError) as error:
        raise ServiceError(f"the body cannot be sent as JSON: {error}", "invalid_input") from None


def like(users: Any, table: "PredictionTable") -> "PredictionTable | pd.DataFrame":
    """Predictions in the form that the users came in."""
    if not is_frame(users):
        return table
    import pandas as pd

    return pd.DataFrame(table.model_dump(exclude={"warnings"}), index=users.index)
