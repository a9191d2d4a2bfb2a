"""What a property of an event is called, in SQL: the same as `schemas.names.name_of` says."""

from typing import Any

from sqlalchemy import ColumnElement, Text, case, cast, func
from sqlalchemy.orm import Session


def name_in(session: Session, column: Any, name: str) -> ColumnElement[str]:
    """A member of an object of JSON as text, whole numbers without a point; NULL where it is none.

    Args:
        session: Of the database that will be asked.
        column: The objects.
        name: Of the member.
    """
    if session.get_bind().dialect.name == "postgresql":
        written = column[name].as_string()
        whole = func.regexp_replace(written, r"^(-?\d+)\.0$", r"\1", type_=Text)
        return case((func.json_typeof(column[name]) == "number", whole), else_=written)
    path = f'$."{name}"'
    kind, value = func.json_type(column, path), func.json_extract(column, path, type_=Text)
    number = func.rtrim(func.rtrim(cast(value, Text), "0"), ".", type_=Text)
    return case(
        (kind.in_(["true", "false"]), kind),
        (kind == "real", number),
        else_=cast(value, Text),
    )
