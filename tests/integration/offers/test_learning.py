"""What is learned out of a database is judged, saved, and decides."""

from datetime import timedelta

import pytest
from support.commands import only_line, valuebox
from support.offers import FIRST, play, saved
from support.once import learned_once

from valuebox.compartments.offers.model import load
from valuebox.compartments.offers.promoting import promotions
from valuebox.store.engine import Store
from valuebox_cli.offers.learning import learn_and_promote


@pytest.mark.slow("cli/valuebox_cli/offers")
def test_a_model_decides_of_which_few_days_cannot_tell(store: Store) -> None:
    first = learned_once("offers-of-evaluation", lambda: saved("offers-of-evaluation", 20))
    play(store, load(first), 1.0)
    days = [FIRST + timedelta(days=one) for one in (20, 21, 23)]
    learned = [learn_and_promote(store, one, "offers-learned") for one in days]
    assert all(one.decides for one in learned)
    assert "too few" in learned[1].why or "cannot tell" in learned[1].why
    # The third is judged by days that the first, which was learned in the same way, has not seen.
    for one in learned[1:]:
        judged = load(one.tag).metadata["judged"]
        assert judged["passed"]
        assert "difference" not in judged
    with store.reading() as session:
        assert [one.model for one in promotions(session)] == [one.tag for one in reversed(learned)]


@pytest.mark.usefixtures("store")
def test_a_job_of_every_night_does_not_fail_before_anything_was_bought(database_url: str) -> None:
    said, _ = valuebox("offers", "learn", "--database-url", database_url)
    assert "0 offers were bought, and it takes 20" in only_line(said)
