"""`valuebox offers evaluate` by the decisions in a database."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from support.commands import valuebox
from support.offers import FIRST, LIKED, OFFERS, play, saved
from support.once import learned_once

from valuebox.compartments.offers.model import load
from valuebox.store.engine import Store

DAYS = 28
EARNS = {one["offer_type"]: LIKED[one["offer_type"]] * one["offer_price"] for one in OFFERS}


@pytest.fixture
def model() -> str:
    return learned_once("offers-of-evaluation", lambda: saved("offers-of-evaluation", 20))


def test_policies_are_judged_by_what_is_stored(
    store: Store, database_url: str, model: str, tmp_path: Path
) -> None:
    play(store, load(model), 1.0, DAYS)
    to = tmp_path / "found.json"
    asked = ["offers", "evaluate", "--database-url", database_url, "--model", model, "--json", to]
    end = (FIRST + timedelta(days=DAYS)).isoformat()
    valuebox(*asked, "--at", end)
    found = json.loads(to.read_text())
    by = {one["policy"]: one for one in found["policies"]}
    assert list(by) == ["served", "random", "best-fixed", model]
    # Decisions of less than a day ago are too young.
    assert found["decisions"] == 60 * (DAYS - 1) + 1
    assert by["served"]["doubly_robust"]["value"] == pytest.approx(EARNS["coins"], abs=0.5)
    # What was served is what the model says now.
    again = by[model]["difference"]
    assert again["value"] == pytest.approx(0, abs=1e-3)
    weeks = [*asked, "--part", "week", "--cap", 8, "--since", (FIRST + timedelta(7)).isoformat()]
    valuebox(*weeks, "--at", end)
    found = json.loads(to.read_text())
    assert found["cap"] == 8
    assert found["decisions"] == 60 * (DAYS - 14) + 1


@pytest.mark.usefixtures("store")
def test_without_decisions_there_is_nothing_to_judge(database_url: str) -> None:
    _, err = valuebox("offers", "evaluate", "--database-url", database_url, exit_code=2)
    assert "no decision was shown" in err


def test_models_know_no_log_of_others() -> None:
    _, err = valuebox("offers", "evaluate", "--log", "log.csv", "--model", "m:1", exit_code=2)
    assert "--model: models know the decisions in the database alone" in err
