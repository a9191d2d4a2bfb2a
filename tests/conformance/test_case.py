"""What the suite says of a compartment that nobody has described to it."""

import pytest
from conformance.case import Case, case_of


def test_a_compartment_without_a_case_is_told_how_to_get_one() -> None:
    with pytest.raises(LookupError, match=r"'nothing' has no case: .*cases/nothing.py.*--case"):
        case_of("nothing", None)


@pytest.mark.parametrize("name", ["ltv", "growth", "facts", "features", "response", "handle"])
def test_a_case_is_that_of_its_compartment(name: str) -> None:
    found: Case = case_of(name, None)
    assert found.compartment == name
