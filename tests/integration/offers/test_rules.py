"""Rules that leave offers out, asked of stored decisions."""

from datetime import timedelta

import pytest
from support.offers import FIRST, OFFERS, stored

from valuebox.compartments.offers.repository import New, rows_of
from valuebox.compartments.offers.rules import A_WEEK, BUDGET, DEARER, Rules
from valuebox.compartments.offers.schemas import Candidate
from valuebox.store.engine import Store

ASKED = [Candidate.model_validate(one) for one in OFFERS]
DAY = timedelta(days=1)


@pytest.fixture
def decided(store: Store) -> Store:
    """A player was offered coins at 3.99 ten days ago, and xmas yesterday."""
    for days, choice, price in ((10, 1, 3.99), (1, 0, 9.99)):
        offers = [one | {"offer_price": price} for one in OFFERS]
        asked = stored(FIRST - days * DAY, choice, f"{days}", candidates=offers)
        store.insert(rows_of([New(*asked, None)]))
    return store


def left_out(store: Store, rules: Rules, player: str = "p") -> list[str | None]:
    with store.looking() as connection:
        return rules.left_out(connection, ("game", player), ASKED, FIRST)


def test_without_rules_nothing_is_left_out(decided: Store) -> None:
    assert left_out(decided, Rules()) == [None, None, None]


def test_a_player_is_shown_so_many_offers_a_week(decided: Store) -> None:
    assert left_out(decided, Rules(a_week=1)) == [A_WEEK] * 3
    assert left_out(decided, Rules(a_week=2)) == [None] * 3
    assert left_out(decided, Rules(a_week=1), "somebody else") == [None] * 3


def test_a_budget_that_is_spent_leaves_its_offer_out_for_everybody(decided: Store) -> None:
    rules = Rules(budgets={"coins": 1, "xmas": 2, "gems": 0})
    assert left_out(decided, rules, "somebody else") == [None, BUDGET, BUDGET]


def test_no_offer_becomes_dearer_for_a_player_within_some_days(decided: Store) -> None:
    assert left_out(decided, Rules(price_days=30)) == [None, DEARER, None]
    assert left_out(decided, Rules(price_days=9)) == [None, None, None]
    assert left_out(decided, Rules(price_days=30), "somebody else") == [None] * 3
