"""Commands that look for a setting, judge ways to recommend, and show lists in the terminal."""

import re
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import numpy as np
import pytest
from support.commands import valuebox
from support.visitors import FIRST, SHOP, look_around, store_events, view

from valuebox.compartments.recommend.model import load
from valuebox.store.engine import Store
from valuebox_cli.recommend.tuning import tune_shop
from valuebox_training.recommend.tuning import Tuning

SECONDS = timedelta(seconds=5)
SOME = Tuning(share=0.6, most=600, fewest=40)


@pytest.fixture
def shelf(store: Store) -> Store:
    """A shop whose visitors walk up a shelf of ten items."""
    random = np.random.default_rng(0)
    told = []
    for session in range(150):
        start, shelf = random.integers(0, 10, 2).tolist()
        begun = FIRST + timedelta(minutes=session)
        told += [
            view(
                f"w{session}", f"{shelf}-{(start + step) % 10}", begun + timedelta(seconds=5 * step)
            )
            for step in range(4)
        ]
    store_events(store, told)
    return store


def test_both_lists_of_a_visitor_are_shown_with_reasons(store: Store, database_url: str) -> None:
    look_around(store)
    asked = ("recommend", "try", "--source", SHOP, "--database-url", database_url)
    said, _ = valuebox(*asked, "boot", "--count", 2)
    assert "looked at: boot" in said
    rows = [line.split() for line in said.splitlines() if line[:1].isdigit()]
    assert {row[1] for row in rows} == {"lace", "sole"}
    assert [row[2] for row in rows] == ["boot", "boot"]
    assert len({row[3] for row in rows}) == 2
    assert valuebox(*asked, "--session", "s1", "--count", 2)[0] == said
    assert "the same" in valuebox(*asked, "never heard of")[0]
    for wrong in ((), ("boot", "--session", "s1"), ("--session", "nobody")):
        assert "error" in valuebox(*asked, *wrong, exit_code=2)[1]


def test_ways_are_judged_by_the_last_sessions_in_one_table(shelf: Store, database_url: str) -> None:
    asked = ("recommend", "evaluate", "--source", SHOP, "--database-url", database_url)
    said, _ = valuebox(*asked)
    figures = {
        line.split("  ")[0].strip(): line.split()[-7:]
        for line in said.splitlines()
        if re.search(r"(\d\.\d{3} +){4}", line)
    }
    assert {"popular", "AR", "SR", "SKNN", "V-SKNN", "STAN", "valuebox"} <= figures.keys()
    assert float(figures["valuebox"][2]) > float(figures["popular"][2])
    assert "the best of the others" in said
    assert "no view" in valuebox(*asked[:3], "nobody", *asked[4:], exit_code=2)[1]


@pytest.mark.slow("cli/valuebox_cli/recommend")
def test_a_setting_is_saved_where_it_is_surely_better_and_refused_within_noise(
    shelf: Store, database_url: str
) -> None:
    name = f"tuned-{uuid4().hex}"
    refused = tune_shop(shelf, SHOP, name, replace(SOME, sure=1e6))
    assert refused[-1].startswith("refused: ")
    assert "the noise is" in refused[-1]
    found = tune_shop(shelf, SHOP, name, replace(SOME, sure=-1e6))
    assert found[-1].startswith("saved as ")
    learned = load(name).shops[SHOP]
    assert (learned.fresh, learned.setting.gap) == (None, 1800.0)
    said, _ = valuebox("recommend", "tune", "--source", SHOP, "--database-url", database_url)
    assert "too few views" in said
