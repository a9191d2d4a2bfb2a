"""Rows with ids as texts into columns."""

import numpy as np

from valuebox.compartments.recommend.proof.coding import ListRow, OrderRow, ViewRow, coded
from valuebox.compartments.recommend.proof.sessions import watched


def test_rows_become_a_table_of_sessions() -> None:
    found = coded(
        [
            ViewRow("s1", "007", 100.0),
            ViewRow("s1", "8", 160.0, "list-1"),
            ViewRow("s2", "7", 300.0),
            ViewRow("s2", "9", 320.0, "a list of another experiment"),
            ViewRow("s3", None, 0.0),
        ],
        [
            ListRow("list-1", "s1", 100.0, "personal", ["8", "9"]),
            ListRow("list-2", "s2", 300.0, "popular", ["007", "9"]),
        ],
        [OrderRow("s1", 20.0), OrderRow("s1", None)],
        ["popular", "personal"],
    )
    assert found.arms == ("popular", "personal")
    table = watched(found.views, found.lists, found.purchases, found.arms).sessions
    assert [found.arms[at] for at in table.arm] == ["personal", "popular"]
    assert table.views.tolist() == [2, 2]
    # A view that tells of another list is no inferred click of this one.
    assert (table.clicked.tolist(), table.inferred.tolist()) == ([1, 0], [0, 0])
    assert table.orders is not None
    assert table.orders.tolist() == [2, 0]
    assert table.revenue is not None
    assert table.revenue.tolist() == [20, 0]


def test_ids_that_look_alike_are_different_items() -> None:
    found = coded([ViewRow("s", "7", 5.0)], [ListRow("l", "s", 0.0, "a", ["007"])], None)
    assert found.purchases is None
    assert watched(found.views, found.lists, None, found.arms).sessions.clicked.tolist() == [0]


def test_arms_that_were_not_named_follow_in_the_order_of_lists() -> None:
    lists = [ListRow(str(at), str(at), 0.0, arm, []) for at, arm in enumerate("bca")]
    assert coded([], lists, None, ["a"]).arms == ("a", "b", "c")


def test_nothing_is_a_table_without_rows() -> None:
    found = coded([], [], [], ["a", "b"])
    table = watched(found.views, found.lists, found.purchases, found.arms)
    assert np.array_equal(table.counts, [0, 0])
