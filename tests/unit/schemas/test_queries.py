"""Queries of addresses: what forms and programs send, and what nobody can have meant."""

import pytest
from pydantic import Field

from valuebox.schemas.queries import BadQuery, read_query
from valuebox.schemas.values import Model


class Question(Model):
    names: list[str] | None = None
    first: int | None = Field(default=None, alias="from")


@pytest.mark.parametrize(
    ("query", "names", "first"),
    [
        (b"", None, None),
        (b"names=&from=", None, None),
        (b"names=a", ["a"], None),
        (b"names=a&from=3&names=b%2C%20c", ["a", "b, c"], 3),
    ],
)
def test_what_a_query_says(query: bytes, names: list[str] | None, first: int | None) -> None:
    found = read_query(Question, query)
    assert (found.names, found.first) == (names, first)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        (b"from=1&from=2", None),
        (b"nmaes=a", "nmaes"),
        (b"from=x", "from"),
        (b"&".join([b"names=a"] * 21), None),
        (b"names=\xff", None),
    ],
)
def test_what_a_query_cannot_mean(query: bytes, field: str | None) -> None:
    with pytest.raises(BadQuery) as bad:
        read_query(Question, query)
    assert [one.field for one in bad.value.problems] == [field]
