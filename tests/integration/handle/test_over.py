"""Matches that are over, which somebody may ask about all the same."""

from support import matches

from valuebox.compartments.handle.schemas import HandleForecasts
from valuebox.store.clock import CLOCK
from valuebox.store.engine import Store


def test_a_match_that_is_over_is_answered_with_what_was_bet_on_it(store: Store) -> None:
    matches.store_loads(store, until=matches.FIRST_LOAD)
    of = matches.steps(store)
    known = of.desk.known(CLOCK.moment())
    assert known is not None
    played = known.fitted.book.matches.take(known.fitted.over[-60:])
    said = HandleForecasts.model_validate_json(matches.ask(store, of, matches=played.id.tolist()))
    assert len(said.matches) == 60
    for one in said.matches:
        assert one.known <= one.forecast <= 1.02 * one.known
        assert one.lower <= one.forecast <= one.upper
