"""What callers name themselves in a row is bounded, wherever it comes from."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from valuebox.compartments.ltv.bulk import UserTable
from valuebox.compartments.ltv.schemas import Users
from valuebox.facts.schemas import Customers, Events
from valuebox.schemas.problems import problems_of
from valuebox.schemas.requests import RequestModel
from valuebox.schemas.values import MAX_ROW_BYTES

USER = {"user_id": 1, "join_date": "2019-08-01"}
EVENT = {"source": "s", "id": "1", "customer": "c", "type": "bought", "time": "2024-01-01"}
# With the name, quotes and braces around it, the largest that fits.
FITS = "x" * (MAX_ROW_BYTES - len('{"note":""}'))


def rows(own: dict[str, Any]) -> list[tuple[type[RequestModel], Any, str]]:
    """A body for each model whose second row has these values of its own, and their path."""
    table = {name: [one, one] for name, one in USER.items()}
    return [
        (Users, [USER, USER | own], ""),
        (UserTable, table | {name: [None, one] for name, one in own.items()}, ""),
        (Customers, [{"source": "s", "id": "0"}, {"source": "s", "id": "1", "attributes": own}],
         "attributes."),
        (Events, [EVENT, EVENT | {"properties": own}], "properties."),
    ]  # fmt: skip


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize(
    ("own", "largest"),
    [
        ({"note": FITS + "x"}, "note"),
        ({"note": "\u00e4" * (len(FITS) // 2 + 1)}, "note"),
        ({"a": 1, "many": [0.5] * 30_000}, "many"),
        ({"deep": {"er": ["x" * 1_000] * 70}, "b": "x" * 100}, "deep"),
        ({f"column {n}": "x" * 1_000 for n in range(70)}, "column 10"),
        ({"n" * 70_000: 1}, "n" * 100),
    ],
)
def test_a_row_that_is_too_large_is_named(place: int, own: dict[str, Any], largest: str) -> None:
    model, body, path = rows(own)[place]
    with pytest.raises(ValidationError) as refused:
        model.model_validate_json(json.dumps(body, ensure_ascii=False).encode())
    # The name of a column is stored with each of its rows.
    *_, problem = problems_of(refused.value)
    assert (problem.row, problem.field) == (1, f"{path}{largest}")
    assert "at most 65536 bytes" in problem.message


@pytest.mark.parametrize("place", range(4))
def test_what_fits_is_taken_however_many_rows_there_are(place: int) -> None:
    model, body, _ = rows({"note": FITS})[place]
    assert model.model_validate_json(json.dumps(body).encode())
