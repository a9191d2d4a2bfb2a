"""Lists of offers become columns, or are refused with the offer that is wrong."""

import numpy as np
import pytest

from valuebox.compartments.offers.candidates import Candidates, CandidatesRefused
from valuebox.features.declared.columns import Coded


def test_offers_become_columns() -> None:
    found = Candidates.of(
        [
            [{"offer_type": "coins", "offer_price": "4.99", "bonus": 2}],
            [{"offer_type": "xmas", "offer_price": 0}, {"offer_type": "coins", "offer_price": 9.5}],
        ]
    )
    assert found.begins.tolist() == [0, 1, 3]
    assert [found.type.values[code] for code in found.type.codes] == ["coins", "xmas", "coins"]
    assert found.price.tolist() == [4.99, 0.0, 9.5]
    bonus = found.properties["bonus"]
    assert not isinstance(bonus, Coded)
    np.testing.assert_equal(bonus, [2.0, np.nan, np.nan])
    assert found.decision.tolist() == [0, 1, 1]
    second = found.of_decisions(np.array([1]))
    assert (second.begins.tolist(), second.price.tolist()) == ([0, 2], [0.0, 9.5])


@pytest.mark.parametrize("price", [None, "dear", float("nan"), float("inf"), -0.01, [1]])
def test_an_offer_without_a_price_is_refused(price: object) -> None:
    with pytest.raises(CandidatesRefused, match="offer 1 of decision 0 has no offer_price"):
        Candidates.of(
            [[{"offer_type": "a", "offer_price": 1}, {"offer_type": "b", "offer_price": price}]]
        )


def test_an_offer_without_a_type_is_refused() -> None:
    with pytest.raises(CandidatesRefused, match="offer 0 of decision 0 has no offer_type"):
        Candidates.of([[{"offer_type": "", "offer_price": 1}]])


def test_an_empty_list_is_refused() -> None:
    with pytest.raises(CandidatesRefused, match="decision 1 has no offers"):
        Candidates.of([[{"offer_type": "a", "offer_price": 1}], []])
