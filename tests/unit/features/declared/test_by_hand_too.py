"""Features that valuebox works out are those that are worked out by hand, to the last bit."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from support.dirty_logs import dirty_log, moments_in
from support.features_by_hand import MixedCurrencies, rows
from support.odd_declarations import declarations, random_expressions
from support.worked_out import differing, id_of, worked_out

from valuebox.features.declared.working import SeveralCurrencies

NOW = datetime(2025, 1, 1, tzinfo=UTC)


def disagreements(seed: int, declared: dict[str, dict[str, Any]], folder: Path) -> list[Any]:
    """Where the rows of a log differ from those by hand, for every declaration."""
    log = dirty_log(seed)
    found = []
    for place, (name, declaration) in enumerate(declared.items()):
        at = (None, *moments_in(seed + place, log))[(seed + place) % 6]
        wanted: Any
        try:
            wanted = rows(declaration, log, at, NOW, id_of)
        except MixedCurrencies:
            with pytest.raises(SeveralCurrencies):
                worked_out(declaration, log, at, NOW, folder)
            continue
        got = worked_out(declaration, log, at, NOW, folder)
        found += [(seed, name, at, *one) for one in differing(wanted, got)]
    return found


@pytest.mark.parametrize("seed", range(6))
def test_rows_of_dirty_logs(seed: int, tmp_path: Path) -> None:
    odd = declarations()
    some = dict(list(odd.items())[seed % 3 :: 3])
    assert disagreements(seed, some, tmp_path) == []


@pytest.mark.parametrize("seed", range(4))
def test_random_expressions(seed: int, tmp_path: Path) -> None:
    assert disagreements(seed, {"random": random_expressions(seed)}, tmp_path) == []


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1_000, 1_060, 20))
def test_rows_of_many_dirty_logs(first: int, tmp_path: Path) -> None:
    for seed in range(first, first + 20):
        whole = declarations() | {"random": random_expressions(seed)}
        assert disagreements(seed, whole, tmp_path) == []
