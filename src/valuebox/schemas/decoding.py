"""Bodies whose rows have known columns alone, decoded straight into columns.

What is spelt plainly passes msgspec, which takes a fraction of the time of a model with validators
of its own. Whatever does not pass, and whatever is in doubt, is left to the models, which alone
refuse: nothing here has a message. See docs/decisions/0017-typed-rows.md.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from operator import attrgetter
from typing import Annotated, Any, Final, TypeVar, cast, get_args

import msgspec
from annotated_types import MaxLen
from msgspec import UNSET, Meta, UnsetType
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from valuebox.schemas.columns import Column, Joined, Kind, Many, columns_of_rows
from valuebox.schemas.requests import RequestModel, names_at_most
from valuebox.schemas.values import Model

SHORT: Final = 800
"""Bytes of a few rows, of which models are made as soon as columns."""
_NUL: Final = rb"\u0000"
"""The one way in which JSON spells a NUL, which no column holds."""

Table = TypeVar("Table", bound=RequestModel)
Decoder = msgspec.json.Decoder[Any]


def of_rows(
    model: type[RequestModel], table: type[Table], row: type[BaseModel], body: bytes
) -> Table | None:
    """Rows that were sent one by one, as the table of a model of these has them.

    Args:
        model: A list of rows.
        table: The model of the same rows by column.
        row: The model of a row.
        body: What holds a list.

    Returns:
        What holds the same as `model.model_validate_json(body)`; None where that is in doubt.
    """
    rows = decoded(_decoder_of_rows(model, row), model.max_values, body)
    if rows is None:
        return None
    sent, names = {}, 0
    for name in columns_of_rows(row):
        values = list(map(attrgetter(name), rows))
        absent = values.count(UNSET)
        names += len(values) - absent
        if absent == 0:
            sent[name] = values
        elif absent < len(values):
            sent[name] = [None if value is UNSET else value for value in values]
    return _table(table, row, body, sent, names)


def of_columns(table: type[Table], row: type[BaseModel], body: bytes) -> Table | None:
    """Rows that were sent by column.

    Args:
        table: Their model.
        row: The model of a row.
        body: What holds columns.

    Returns:
        What holds the same as `table.model_validate_json(body)`; None where that is in doubt.
    """
    columns = decoded(_decoder_of_columns(table, row), table.max_values, body)
    if columns is None:
        return None
    found = msgspec.structs.asdict(columns)
    sent = {name: values for name, values in found.items() if values is not UNSET}
    lengths = {len(values) for values in sent.values() if values is not None}
    return _table(table, row, body, sent, len(sent)) if len(lengths) == 1 else None


def plain_rows(model: type[RequestModel], body: bytes) -> Sequence[Any] | None:
    """Rows whose fields are all needed, and bounded by their kinds alone.

    Args:
        model: A list of rows.
        body: What holds one.

    Returns:
        Rows with the attributes that those of `model.model_validate_json(body)` have; None where
        that is in doubt, or where few rows would take the models no longer.
    """
    if len(body) <= SHORT:
        return None
    decoder, names = _decoder_of_plain_rows(model)
    rows = decoded(decoder, model.max_values, body)
    return rows if rows is not None and names_at_most(body, names * len(rows)) else None


def decoded(decoder: Decoder | None, max_values: int, body: bytes) -> Any:
    """What a decoder makes of a body; None where it refuses, or a model may."""
    is_large = len(body) > max_values and body.count(b",") > max_values
    # A single character is looked for in no time, and few bodies have it.
    has_nul = b"\\" in body and _NUL in body
    if decoder is None or is_large or has_nul:
        return None
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _table(
    table: type[Table],
    row: type[BaseModel],
    body: bytes,
    sent: Mapping[str, list[Any] | None],
    names: int,
) -> Table | None:
    """The table of the columns that were sent, unless `body` holds more than so many names."""
    if not names_at_most(body, names):
        return None
    columns = columns_of_rows(row)
    try:
        settled = {
            name: values and columns[name].kind.settled(values) for name, values in sent.items()
        }
    except ValueError:
        return None
    return cast("Table", table.model_construct(set(settled), **settled))


@cache
def _decoder_of_rows(model: type[RequestModel], row: type[BaseModel]) -> Decoder | None:
    if not (_bounds_by_kinds(row) and _has_our_rules(model)):
        return None
    fields = [
        (name, _type_of(column)) if column.required else (name, _type_of(column) | UnsetType, UNSET)
        for name, column in columns_of_rows(row).items()
    ]
    plain: Any = msgspec.defstruct(
        row.__name__, fields, forbid_unknown_fields=True, gc=False, kw_only=True
    )
    most = _most(model.model_fields["root"])
    return msgspec.json.Decoder(Annotated[list[plain], Meta(min_length=1, max_length=most)])


@cache
def _decoder_of_plain_rows(model: type[RequestModel]) -> tuple[Decoder, int]:
    """The decoder, and how many names a row has."""
    root = model.model_fields["root"]
    (row,) = get_args(root.annotation)
    fields = [
        (name, kind.decodes)
        for name, field in row.model_fields.items()
        for kind in field.metadata
        if isinstance(kind, Kind)
    ]
    plain: Any = msgspec.defstruct(row.__name__, fields, forbid_unknown_fields=True, gc=False)
    rows = Annotated[list[plain], Meta(min_length=1, max_length=_most(root))]
    return msgspec.json.Decoder(rows), len(fields)


@cache
def _decoder_of_columns(table: type[RequestModel], row: type[BaseModel]) -> Decoder | None:
    if not (_bounds_by_kinds(row) and _has_our_rules(table)):
        return None
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    for name, column in columns_of_rows(row).items():
        each: Any = list[_type_of(column)]  # type: ignore[misc]
        if not fields:
            most = _most(table.model_fields[name])
            each = Annotated[each, Meta(min_length=1, max_length=most)]
        if column.required:
            fields.append((name, each))
        else:
            fields.append((name, each | None | UnsetType, UNSET))
    plain = msgspec.defstruct(table.__name__, fields, forbid_unknown_fields=True, kw_only=True)
    return msgspec.json.Decoder(plain)


def _type_of(column: Column) -> Any:
    decodes = column.kind.decodes
    return decodes if column.required else decodes | None


def _most(field: FieldInfo) -> int:
    return next(one.max_length for one in field.metadata if isinstance(one, MaxLen))


def _bounds_by_kinds(row: type[BaseModel]) -> bool:
    """Whether the kinds of its columns tell all that a model asks of a row."""
    for name, column in columns_of_rows(row).items():
        field = row.model_fields[name]
        is_plain = all(map(_is_plain, (column.annotation, *field.metadata)))
        is_renamed = (field.alias, field.validation_alias) != (None, None)
        # A moment that may be missing is of no kind.
        is_settled = column.required or (
            field.default is None and not isinstance(column.kind, Joined)
        )
        if not is_plain or is_renamed or not is_settled or column.kind.decodes is None:
            return False
    return _has_our_rules(row)


def _is_plain(annotation: Any) -> bool:
    parts = get_args(annotation)
    return all(map(_is_plain, parts)) if parts else isinstance(annotation, type | Kind | Many)


def _has_our_rules(model: type[BaseModel]) -> bool:
    """Whether all validators of a model are those of this room, which are known here."""
    found = model.__pydantic_decorators__
    validators: list[Any] = [*found.field_validators.values(), *found.model_validators.values()]
    return model.model_config.keys() <= Model.model_config.keys() and all(
        one.func.__module__.startswith(f"{__package__}.") for one in validators
    )
