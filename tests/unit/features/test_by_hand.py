"""The features by hand that others are compared with: each rule on events that fit on a hand."""

import json
import tomllib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support.dirty_logs import dirty_log, moments_in
from support.features_by_hand import MixedCurrencies, content_id, row_of, rows
from support.features_by_hand.events import read
from support.features_by_hand.expressions import value_of
from support.odd_declarations import declarations, random_expressions

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
NOW = datetime(2025, 1, 1, tzinfo=UTC)
COUNTED = "[field.n]\ncount = true\n[field.ids]\nlast = 'id'\n"
BLOCK = "[window.w]\nblocks = -1\n"
DAY = "[window.w]\ndays = -1\n"
SHOWN = "[anchor]\ntype = 'shown'\n"


def event(minutes: float, type_: str = "played", **more: Any) -> dict[str, Any]:
    """An event so many minutes after noon, whose id is what is left of these minutes."""
    time = (NOON + timedelta(minutes=minutes)).isoformat()
    made = {"source": "game", "id": f"at {minutes:g}", "customer": "7", "session": "s"}
    return made | {"type": type_, "time": time, "received_at": None} | more


def asked(text: str, *events: dict[str, Any], at: datetime | None = None) -> list[dict[str, Any]]:
    """Rows of a declaration whose name does not matter."""
    return rows(tomllib.loads('name = "by_hand"\n' + text), list(events), at, NOW)


def last(text: str, *events: dict[str, Any], at: datetime | None = None) -> dict[str, Any]:
    return asked(text, *events, at=at)[-1]


def after(minutes: float) -> str:
    return (NOON + timedelta(minutes=minutes)).isoformat()


EVENT = read(
    [
        event(
            0,
            amount=5,
            properties={"won": "Yes", "n": " 3 ", "bad": "1_0", "no": [], "a b": 1, "t": True},
        )
    ],
    None,
    content_id,
)[0]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("n + 1", 4.0),
        ("bad + 1", None),
        ("1 / 0", None),
        ("-7 % 3", 2.0),
        ("1e308 * 10", None),
        ("number(t)", 1.0),
        ("text(n + 0)", "3"),
        ("text(0.5)", "0.5"),
        ("text(t)", "true"),
        ("true(won)", True),
        ("true(bad)", None),
        ("won == True", True),
        ("bad == True or bad != True", False),
        ("t == 1", True),
        ("number(n) == 3.0 and n == ' 3 '", True),
        ("n < 20 < amount", False),
        ("type < 'q'", True),
        ("type < 3 or type > 3", False),
        ("no != 1", False),
        ("not no == 1", True),
        ("number(n) in (1, 3)", True),
        ("no not in (1, 3)", False),
        ("missing(no)", True),
        ("`a b`", 1),
        ("'`a b`'", "`a b`"),
        ("no if t else 1", None),
        ("won and n", False),
        ("lower(won)", "yes"),
        ("contains(won, 'es')", True),
        ("startswith(no, '')", False),
        ("abs(-n)", 3.0),
        ("time", NOON.timestamp()),
    ],
)
def test_expressions(expression: str, value: Any) -> None:
    found = value_of(expression, EVENT)
    assert (found, type(found)) == (value, type(value))


def test_order_is_time_then_id_and_the_first_received_stays() -> None:
    later = event(-1, id="a", customer="8", received_at=after(9))
    first = event(-1, id="a", received_at=after(-1))
    row = last(SHOWN + DAY + COUNTED, later, first, event(-1, id="Z"), event(0, "shown"))
    assert (row["w.n"], row["w.ids"]) == (2, "a")


def test_equal_contents_without_an_id_are_different_events() -> None:
    twice = [event(-1, id=None, received_at=after(number)) for number in (-1, 0)]
    read_back = read(twice, None, content_id)
    assert len({one.id for one in read_back}) == 2
    assert last(SHOWN + DAY + COUNTED, *twice, event(0, "shown"))["w.n"] == 2


def test_equal_times_fall_after_the_anchor() -> None:
    text = SHOWN + DAY + "[window.next]\ndays = 1\ntarget = true\n" + COUNTED
    edge = 24 * 60
    row = last(text, event(0, "shown"), event(0, id="a"), event(-edge), event(edge))
    assert (row["w.n"], row["next.n"]) == (1, 1)
    assert row["matures"] == NOON + timedelta(days=1)


def test_visible_is_what_was_received_by_then_unless_the_anchor_came_late() -> None:
    late, known = event(-2, received_at=after(0.5)), event(-1, received_at=after(0))
    ahead = event(0, "shown", received_at=after(-0.1))
    imported = event(0, "shown", received_at=after(24 * 60 + 0.1))
    clocks = (SHOWN, 'known = "happened"\n' + SHOWN)
    found = [
        last(clock + DAY + COUNTED, late, known, shown)["w.n"]
        for clock in clocks
        for shown in (event(0, "shown"), ahead, imported)
    ]
    assert found == [1, 0, 2, 2, 2, 2]


def test_lookback_bounds_windows_and_attributes() -> None:
    text = 'lookback = "5 minutes"\n' + SHOWN + DAY + COUNTED + "[attribute.first]\nfirst = 'id'\n"
    row = last(text, event(-6), event(-5), event(-1), event(0, "shown"))
    assert (row["w.n"], row["first"]) == (2, "at -5")


@pytest.mark.parametrize(
    ("split", "ids"),
    [
        ('by = "session"', ["at -20", "at -5"]),
        ('change = "session"', ["at -3"]),
        ('change = "level"', ["at -10", "at -3"]),
        ('gap = "15 minutes"', ["at -100"]),
        ('day = "Asia/Kolkata"', []),
        ("when = 'level == 2'", ["at -100"]),
        ("when = 'previous(level) == 2'", ["at -100", "at -20"]),
        ("when = 'block(events) == 2'", ["at -10", "at -5"]),
        ("when = 'block(silence) > 900'", ["at -100"]),
        ("when = 'block(n) > 2 or block(seconds) >= 5400'", ["at -10", "at -5", "at -3"]),
    ],
)
def test_the_block_before_the_own(split: str, ids: list[str]) -> None:
    told = [
        event(-100, session="a"),
        event(-20, session="c", properties={"level": 2}),
        event(-10, session=None, properties={"level": "1"}),
        event(-5, session="c"),
        event(-3, session="a", properties={"level": 1.0}),
        event(0, "shown", session="b"),
    ]
    each = "".join(
        f"[field.f{number}]\ncount = true\nwhen = 'id == \"{one['id']}\"'\n"
        for number, one in enumerate(told)
    )
    row = last(f"split = {{ {split} }}\n" + SHOWN + BLOCK + COUNTED + each, *told)
    assert [one["id"] for number, one in enumerate(told) if row[f"w.f{number}"]] == ids


def test_days_are_those_of_the_zone_on_the_day_the_clock_changes() -> None:
    # In Berlin, 31 March 2024 begins at 23:00 and ends at 22:00 UTC.
    moments = ("30T22:59", "30T23:00", "31T21:59", "31T22:00")
    told = [event(0, id=one, time=f"2024-03-{one}:00Z") for one in moments]
    told[-1]["type"] = "shown"
    row = last("split = { day = 'Europe/Berlin' }\n" + SHOWN + BLOCK + COUNTED, *told)
    assert (row["w.n"], row["w.ids"]) == (2, "31T21:59")


def test_last_blocks_are_those_that_exist_and_never_the_own() -> None:
    text = 'split = { by = "session" }\n' + SHOWN + "[window.w]\nblocks = -2\n" + COUNTED
    told = [event(minute, session=session) for minute, session in ((-9, "a"), (-8, "b"), (-7, "c"))]
    told += [event(-6, session="a"), event(-5), event(-4, session=None)]
    found = asked(text, event(-10, "shown"), *told, event(0, "shown"))
    assert [row["w.n"] for row in found] == [None, 2]


def test_windows_of_time_without_events() -> None:
    fields = "".join(f"[field.{name}]\n{name} = 'amount'\n" for name in ("sum", "distinct", "mean"))
    row = last(SHOWN + DAY + COUNTED + fields, event(0, "shown"))
    assert [row[f"w.{name}"] for name in ("n", "sum", "distinct", "mean")] == [0, 0, 0, None]


def test_own_block_may_be_left_out_of_a_window_of_time() -> None:
    text = 'split = { by = "session" }\n' + SHOWN + DAY + "own = false\n" + COUNTED
    others = event(-3), event(-2, session="b"), event(-1, session=None)
    assert last(text, *others, event(0, "shown"))["w.n"] == 2
    assert last(text, *others, event(0, "shown", session=None))["w.n"] == 3


def test_ratios_sums_means_and_distinct() -> None:
    fields = """
        [field.ratio]
        ratio = ["n", "spent"]
        [field.spent]
        sum = "amount"
        [field.mean]
        mean = "x"
        [field.kinds]
        distinct = "x"
    """
    told = [
        event(-number, amount=amount, properties={"x": x})
        for number, (amount, x) in enumerate(
            [(0.1, "1"), (0.2, 1), (2.5e-6, 1.0), (5e-7, True), (None, None), (None, "NaN")], 1
        )
    ]
    row = last(SHOWN + DAY + COUNTED + fields, *told, event(0, "shown"))
    assert row["w.spent"] == 300_002 / 1e6
    assert row["w.ratio"] == 6 / 0.300002
    assert (row["w.mean"], row["w.kinds"]) == (1.0, 3)
    assert last(SHOWN + DAY + COUNTED + fields, event(0, "shown"))["w.ratio"] is None


def test_targets_are_null_until_they_are_known() -> None:
    text = SHOWN + "[window.next]\nhours = 1\ntarget = true\nfields = ['n']\ncap = { n = 1.0 }\n"
    told = event(0, "shown"), event(1), event(2, received_at=after(999)), event(60)
    full = last(text + COUNTED, *told, at=NOON + timedelta(hours=1))
    assert (full["next.n"], full["next.n.capped"]) == (2, 1)
    early = last(text + COUNTED, *told, at=NOON + timedelta(minutes=59))
    assert (early["next.n"], early["next.n.capped"]) == (None, None)
    assert early["matures"] == NOON + timedelta(hours=1)


def test_most_counts_the_anchors_that_were_visible_in_the_block() -> None:
    text = 'split = { by = "session" }\n' + SHOWN + "most = 1\n"
    told = [event(minute, "shown") for minute in (0, 1)]
    told += [event(2, "shown", session="b"), event(3, "shown", session=None)]
    told += [event(4, "shown", session="b", received_at=after(3))]
    assert [row["anchor_id"] for row in asked(text, *told)] == ["at 0", "at 2", "at 3"]
    # The first is not known yet when the second is shown.
    told[0]["received_at"] = after(1.5)
    assert [row["anchor_id"] for row in asked(text, *told)][:2] == ["at 0", "at 1"]


def test_rows_of_nobody_are_null() -> None:
    row = last(SHOWN + DAY + COUNTED, event(-1, customer=None), event(0, "shown", customer=None))
    assert (row["customer"], row["w.n"]) == (None, None)
    sessions = last('of = "session"\n' + SHOWN + DAY + COUNTED, event(-1), event(0, "shown"))
    assert (sessions["session"], sessions["w.n"]) == ("s", 1)


def test_customers_of_two_sources_are_two() -> None:
    other = event(-1, source="shop")
    found = asked(SHOWN + DAY + COUNTED, other, event(0, "shown"), event(0, "shown", source="shop"))
    assert [row["w.n"] for row in found] == [0, 1]
    assert len(asked('source = "shop"\n' + SHOWN, other, event(0, "shown"))) == 0


def test_amounts_in_several_currencies_are_not_added_up() -> None:
    told = [event(-1, amount=1, currency="EUR"), event(-2, amount=2, currency="USD")]
    text = SHOWN + DAY + "[field.spent]\nsum = 'amount'\n"
    with pytest.raises(MixedCurrencies, match="spent: EUR, USD"):
        asked(text, *told, event(0, "shown"))
    chosen = last(text + "when = 'currency == \"USD\"'", *told, event(0, "shown"))
    read_alone = last('currency = "EUR"\n' + text, *told, event(0, "shown"))
    assert (chosen["w.spent"], read_alone["w.spent"]) == (2, 1)


def test_columns_are_in_the_order_of_the_declaration() -> None:
    text = "[window.next]\ndays = 1\ntarget = true\n" + DAY + COUNTED + "[attribute.a]\nmax = '1'\n"
    row = last(SHOWN + "columns = ['type']\n" + text, event(0, "shown"))
    assert list(row) == [
        *("anchor_id", "source", "customer", "time", "a", "anchor.type"),
        *("next.n", "next.ids", "w.n", "w.ids", "matures"),
    ]


def test_a_question_is_answered_as_the_row_of_an_anchor_that_happens_then() -> None:
    text = 'split = { by = "session" }\n' + SHOWN + BLOCK + COUNTED
    told = [event(-2, session="a"), event(-1), event(0), event(-3, session="a", customer="8")]
    declaration = tomllib.loads(text)
    asked_for = row_of(declaration, told, "game", "7", "s", NOON)
    offline = last(text, *told, event(0, "shown", id="z"))
    assert asked_for == offline | {"anchor_id": None}
    assert (asked_for["w.n"], asked_for["w.ids"]) == (1, "at -2")


@pytest.mark.parametrize("seed", [12, 17])
def test_dirty_logs_answer_every_odd_declaration(seed: int) -> None:
    log = dirty_log(seed)
    assert log == dirty_log(seed) == json.loads(json.dumps(log))
    told = 0
    for declaration in [*declarations().values(), random_expressions(seed)]:
        for at in moments_in(seed, log)[-1:]:
            try:
                told += len(rows(declaration, log, at, NOW))
            except MixedCurrencies:
                assert seed % 4 == 0
    assert told > 40
