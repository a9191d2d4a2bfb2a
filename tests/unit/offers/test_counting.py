"""What Prometheus is told of decisions and events."""

from itertools import pairwise

from valuebox.compartments.offers.counting import counted
from valuebox.compartments.offers.deciding import Weighing
from valuebox.facts.counting import counted as counted_events


def weighing(propensities: list[float], choice: int | None = 0, explored: bool = False) -> Weighing:
    return Weighing(choice, propensities, None, explored, None)


def on_floor(one: Weighing, uniform: float = 0.03) -> bool:
    return any("on_floor" in str(counter) for counter, _ in counted([one], uniform))


def test_each_decision_is_counted_once_by_how_it_was_drawn() -> None:
    some = [
        weighing([0.6, 0.4]),
        weighing([0.6, 0.4], explored=True),
        weighing([0.0, 0.0], choice=None),
    ]
    counters = [counter for counter, _ in counted(some, 0.03)]
    assert len(counters) == 3
    assert all(one is not other for one, other in pairwise(counters))


def test_a_decision_is_on_the_floor_where_only_one_offer_is_above_it() -> None:
    assert on_floor(weighing([0.98, 0.01, 0.01]))
    assert on_floor(weighing([0.98, 0.0105, 0.0095, 0.0]))
    assert not on_floor(weighing([0.97, 0.02, 0.01]))
    assert not on_floor(weighing([0.01, 0.01, 0.98], explored=True))
    # One candidate is no choice.
    assert not on_floor(weighing([1.0]))
    assert not on_floor(weighing([0.0, 1.0]))


def test_types_of_events_that_nobody_knows_share_a_label() -> None:
    found = counted_events(["purchase", "made up", "offer_shown", "purchase", "made up too"])
    assert sorted(count for _, count in found) == [1, 2, 2]
    assert len({id(counter) for counter, _ in found}) == 3
