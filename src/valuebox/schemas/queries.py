"""Queries of addresses into models: every name once, each of them known."""

from collections.abc import Iterable
from typing import Any, Final, TypeVar, get_args, get_origin
from urllib.parse import parse_qsl, urlencode

from pydantic import BaseModel, ValidationError

from valuebox.schemas.errors import Problem
from valuebox.schemas.problems import problems_of

_MAX_FIELDS: Final = 20
"""Names and values of a query at most, unless its model says how many values it may hold."""

M = TypeVar("M", bound=BaseModel)


class BadQuery(Exception):
    """The query cannot be used."""

    def __init__(self, problems: list[Problem]):
        super().__init__()
        self.problems = problems


def read_query(model: type[M], query: bytes) -> M:
    """What the query of an address says; an empty value, as forms send it, says nothing.

    A field that is a list takes its name as often as it has values.

    Raises:
        BadQuery: saying what is wrong with it.
    """
    most = getattr(model, "max_values", _MAX_FIELDS)
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, max_num_fields=most)
    except ValueError:
        raise BadQuery([Problem(message="Input should be a query such as ?name=value")]) from None
    lists = {_called(model, name) for name in model.model_fields if _is_list(model, name)}
    names = [name for name, _ in pairs if name not in lists]
    if len(set(names)) < len(names):
        raise BadQuery([Problem(message="Input should name everything once")])
    given: dict[str, str | list[str]] = {name: value for name, value in pairs if value}
    for name in lists & set(given):
        given[name] = [value for one, value in pairs if one == name and value]
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise BadQuery(problems_of(error)) from None


def write_query(said: BaseModel, **changes: Any) -> str:
    """The query that says the same, or something else in part; empty where it says nothing."""
    found = {**said.model_dump(by_alias=True, mode="json"), **changes}
    known = {name: value for name, value in found.items() if value is not None}
    return urlencode(known, doseq=True)


def _called(model: type[BaseModel], name: str) -> str:
    return model.model_fields[name].alias or name


def _is_list(model: type[BaseModel], name: str) -> bool:
    return list in _types(model.model_fields[name].annotation)


def _types(annotation: object) -> Iterable[object]:
    """The types that an annotation is made of, those of a union one by one."""
    yield get_origin(annotation) or annotation
    for one in get_args(annotation):
        yield from _types(one)
