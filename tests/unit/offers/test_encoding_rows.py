"""Rows are encoded as columns are, to the last bit, whatever stands in them."""

from typing import Any

import numpy as np
import pytest

from valuebox.compartments.offers.candidates import Candidates, column_of
from valuebox.compartments.offers.encoding import Encoder
from valuebox.compartments.offers.encoding_rows import RowEncoder

COUNT = 200


def player(number: int) -> dict[str, Any]:
    return {
        "country": ["DE", "FR", None, "JP"][number % 4],
        "facebook": [True, False, None][number % 3],
        "level": str(number % 20),
        "spent": [0.0, None, -2.5, 1e6, 7][number % 5],
        "last_bought_type": ["coins", "gems", None, "never seen"][number % 4],
    }


def offers(number: int) -> list[dict[str, Any]]:
    return [
        {
            "offer_type": kind,
            "offer_price": [0.99, 4.99, 20.0][(number + place) % 3],
            "type_shown": float(number % 7),
            "beside": ["coins", "gems"][number % 2],
            "colour": ["red", None, "blue"][(number + place) % 3],
        }
        for place, kind in enumerate(("coins", "gems", "xmas"))
    ]


PLAYERS = [player(number) for number in range(COUNT)]
LISTS = [offers(number) for number in range(COUNT)]
ODD: list[tuple[dict[str, Any], list[dict[str, Any]]]] = [
    ({}, offers(1)),
    (player(2) | {"spent": "12.5", "level": "many", "country": 7}, offers(2)),
    (player(3) | {"spent": float("inf"), "facebook": "yes"}, offers(3)[:1]),
    (player(4) | {"last_bought_type": "xmas", "country": ["DE"]}, offers(4)[2:]),
    (player(5), [{"offer_type": "pearls", "offer_price": 3}]),
    (player(6), [{"offer_type": "coins", "offer_price": 4.99, "more": 1, "beside": 5}]),
]


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    candidates = Candidates.of(LISTS)
    shown = candidates.taken(candidates.begins[:-1] + np.arange(COUNT) % 3, np.arange(COUNT + 1))
    features = {name: column_of([one[name] for one in PLAYERS]) for name in PLAYERS[0]}
    return Encoder.fit(features, shown)


def by_column(
    encoder: Encoder, known: list[dict[str, Any]], lists: list[list[dict[str, Any]]]
) -> list[Any]:
    names = {name: None for one in known for name in one}
    features = {name: column_of([one.get(name) for one in known]) for name in names}
    return list(encoder.encode(features, Candidates.of(lists)))


@pytest.mark.parametrize("size", [1, 3, COUNT])
def test_rows_are_what_columns_are(encoder: Encoder, size: int) -> None:
    rows = RowEncoder(encoder)
    for start in range(0, COUNT, size):
        some = slice(start, start + size)
        found = rows.encode(PLAYERS[some], LISTS[some])
        for one, other in zip(found, by_column(encoder, PLAYERS[some], LISTS[some]), strict=True):
            np.testing.assert_array_equal(one, other)
    assert found.features.shape == (COUNT % size or size, len(encoder.feature_names))
    assert found.own.shape[1] == len(encoder.own_names)


@pytest.mark.parametrize("case", ODD)
def test_odd_values_are_what_they_are_in_columns(
    encoder: Encoder, case: tuple[dict[str, Any], list[dict[str, Any]]]
) -> None:
    known, some = case
    found = RowEncoder(encoder).encode([known], [some])
    for one, other in zip(found, by_column(encoder, [known], [some]), strict=True):
        np.testing.assert_array_equal(one, other)
