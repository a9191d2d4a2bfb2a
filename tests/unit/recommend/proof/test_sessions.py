"""The table of sessions: what is counted, what is inferred, and what is left out."""

import numpy as np
import pytest

from valuebox.compartments.recommend.proof.clicks import Lists, Views, clicked
from valuebox.compartments.recommend.proof.sessions import Caps, Purchases, Watched, watched

ARMS = ("popular", "personal")


def views(*rows: tuple[int, int, float, int]) -> Views:
    """Views as session, item, time and list."""
    session, item, time, via = np.array(rows, dtype=np.float64).reshape(-1, 4).T
    return Views(session.astype(np.int64), item.astype(np.intp), time, via.astype(np.intp))


def lists(*rows: tuple[int, float, int, tuple[int, ...]]) -> Lists:
    """Lists as session, time, arm and items."""
    lengths = [len(row[3]) for row in rows]
    return Lists(
        np.array([row[0] for row in rows], dtype=np.int64),
        np.array([row[1] for row in rows], dtype=np.float64),
        np.array([row[2] for row in rows], dtype=np.intp),
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        np.array([item for row in rows for item in row[3]], dtype=np.intp),
    )


def one_list(session: int, time: float = 0.0, arm: int = 0) -> tuple[int, float, int, tuple[int]]:
    return session, time, arm, (1,)


def bought(*rows: tuple[int, float]) -> Purchases:
    session, amount = np.array(rows, dtype=np.float64).reshape(-1, 2).T
    return Purchases(session.astype(np.int64), amount)


def column(found: Watched, name: str) -> list[float]:
    """A column in the order of the session's numbers."""
    order = np.argsort(found.sessions.session)
    return list(getattr(found.sessions, name)[order])


def test_a_click_that_is_told_is_that_of_its_list_alone() -> None:
    found = clicked(views((1, 7, 50, 0)), lists((1, 0, 0, (7, 8)), (1, 10, 0, (7,))))
    assert found.told.tolist() == [True, False]
    assert not found.inferred.any()


def test_a_view_of_a_listed_item_soon_after_is_an_inferred_click_of_the_latest_list() -> None:
    shown = lists((1, 0, 0, (7, 8)), (1, 10, 0, (7,)), (1, 60, 0, (7,)))
    found = clicked(views((1, 7, 50, -1), (1, 8, 55, -1)), shown)
    assert not found.told.any()
    assert found.inferred.tolist() == [True, True, False]


@pytest.mark.parametrize(
    "view",
    [(2, 7, 50, -1), (1, 9, 50, -1), (1, 7, 100, -1), (1, 7, 99, -1), (1, 7, 1_901, -1)],
    ids=["another session", "not listed", "at the moment", "before", "too late"],
)
def test_other_views_are_no_clicks(view: tuple[int, int, float, int]) -> None:
    assert not clicked(views(view), lists((1, 100, 0, (7, 8)), (2, 900, 0, (1,)))).inferred.any()


def test_half_an_hour_after_is_soon_enough() -> None:
    assert clicked(views((1, 7, 1_900, -1)), lists((1, 100, 0, (7,)))).inferred.all()


def test_a_list_that_tells_its_click_is_not_inferred_as_well() -> None:
    found = clicked(views((1, 7, 5, 0), (1, 8, 6, -1)), lists((1, 0, 0, (7, 8))))
    assert (found.told.tolist(), found.inferred.tolist()) == ([True], [False])


def test_a_session_is_a_row_whatever_order_events_come_in() -> None:
    found = watched(
        views((5, 2, 130, -1), (5, 1, 100, -1), (3, 1, 50, -1), (5, 9, 2_500, -1)),
        lists((5, 110, 1, (2, 3)), (3, 50, 0, (4,)), (5, 131, 1, (8,))),
        bought((5, 30.0), (5, 12.0), (77, 5.0)),
        ARMS,
    )
    assert found.sessions.session.tolist() == [3, 5]
    assert column(found, "arm") == [0, 1]
    assert column(found, "first") == [50, 100]
    assert column(found, "views") == [1, 3]
    assert column(found, "lists") == [1, 2]
    assert column(found, "clicked") == [0, 1]
    assert column(found, "inferred") == [0, 1]
    # Half an hour of the pause counts.
    assert column(found, "seconds") == [0, 30 + 1_800]
    assert column(found, "bounced") == [1, 0]
    assert column(found, "orders") == [0, 2]
    assert column(found, "revenue") == [0, 42]


def test_purchases_that_are_not_told_are_not_none() -> None:
    told = watched(views((1, 1, 0, -1)), lists(one_list(1)), bought(), ARMS)
    silent = watched(views((1, 1, 0, -1)), lists(one_list(1)), None, ARMS)
    assert column(told, "orders") == [0]
    assert silent.sessions.orders is None
    assert silent.sessions.revenue is None


def test_an_order_without_an_amount_is_an_order_and_no_revenue() -> None:
    found = watched(views(), lists(one_list(1)), bought((1, np.nan), (1, 20)), ARMS)
    assert (column(found, "orders"), column(found, "priced")) == ([2], [1])
    assert column(found, "revenue") == [20]


def test_sessions_of_no_arm_and_of_several_are_left_out() -> None:
    found = watched(
        views((1, 1, 0, -1), (2, 1, 0, -1), (3, 1, 0, -1)),
        lists(one_list(1), one_list(2, 0, 0), one_list(2, 9, 1)),
        None,
        ARMS,
    )
    assert found.sessions.session.tolist() == [1]
    assert found.several_arms == 1


def test_a_machine_is_told_by_its_pace() -> None:
    quick = [(1, item, 2.0 * item, -1) for item in range(30)]
    visitor = [(2, item, 20.0 * item, -1) for item in range(30)]
    found = watched(views(*quick, *visitor), lists(one_list(1), one_list(2, 0, 1)), None, ARMS)
    assert found.sessions.session.tolist() == [2]
    assert found.robots.tolist() == [1, 0]


def test_a_long_session_is_left_out_only_where_it_was_long_before_its_first_list() -> None:
    before = [(1, item, 20.0 * item, -1) for item in range(150)]
    after = [(2, item, 20.0 * item, -1) for item in range(150)]
    found = watched(views(*before, *after), lists(one_list(1, 5_000), one_list(2)), None, ARMS)
    assert found.sessions.session.tolist() == [2]
    # What is left in counts no more than a cap, which is told.
    assert column(found, "views") == [50]
    assert found.cut == 1


def test_only_the_first_lists_of_a_session_count() -> None:
    shown = [one_list(1, 60.0 * one) for one in range(80)]
    clicks = views((1, 5, 70 * 60.0, 70), (1, 5, 3 * 60.0, 3))
    found = watched(clicks, lists(*shown), None, ARMS)
    assert (column(found, "lists"), column(found, "clicked")) == ([50], [1])


def test_a_huge_order_is_cut_at_what_most_pay() -> None:
    orders = [(one, 10.0 + one / 100) for one in range(1, 200)]
    found = watched(
        views(), lists(*(one_list(one) for one in range(1, 201))), bought(*orders, (200, 1e6)), ARMS
    )
    assert found.order_cap is not None
    assert found.order_cap < 13
    assert max(column(found, "revenue")) == found.order_cap
    few = watched(views(), lists(one_list(1)), bought((1, 1e6)), ARMS)
    assert few.order_cap is None


def test_nothing_at_all_is_a_table_without_rows() -> None:
    found = watched(views(), lists(), bought(), ARMS)
    assert len(found.sessions.arm) == 0
    assert found.counts.tolist() == [0, 0]


def test_caps_can_be_others() -> None:
    rows = [(1, item, 20.0 * item, -1) for item in range(9)]
    found = watched(views(*rows), lists(one_list(1)), None, ARMS, Caps(views=4, seconds=100))
    assert (column(found, "views"), column(found, "seconds")) == ([4], [100])
