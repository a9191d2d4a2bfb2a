"""Declarations of features that use every rule: each split, aggregate and window."""

import tomllib
from random import Random
from typing import Any

FIELDS = """
[field.events]
count = true
[field.games]
count = true
when = 'type == "game_start"'
[field.wins]
count = true
when = 'type == "game_end" and true(won)'
[field.scored]
count = "number(score)"
[field.spent]
sum = "amount"
when = 'currency == "EUR"'
[field.points]
sum = "score"
[field.mean_points]
mean = "score"
[field.least]
min = "number(score)"
[field.most_paid]
max = "amount"
[field.first_offer]
first = "offer_type"
[field.last_country]
last = "country"
when = "not missing(country)"
[field.last_level]
last = "level"
[field.kinds]
distinct = "type"
[field.scores]
distinct = "score"
[field.countries]
distinct = "country"
[field.win_ratio]
ratio = ["wins", "games"]
[field.level_of_points]
ratio = ["last_level", "points"]
"""

ATTRIBUTES = """
[attribute.country]
last = "country"
[attribute.first_paid]
first = "amount"
when = 'type == "purchase"'
[attribute.times_seen]
count = true
[attribute.usual_score]
mean = "score"
"""

SHOWN = """
[anchor]
type = "offer_shown"
columns = ["offer_type", "number(offer_price)", "lower(country)"]
"""

AFTER = """
[window.next_week]
days = 7
target = true
fields = ["spent", "events", "win_ratio", "bought"]
cap = { spent = 100.0, events = 3 }
[window.next_hours]
hours = 6
target = true
fields = ["events", "last_country", "mean_points", "least"]
[field.bought]
count = true
when = "true(offer_purchased)"
"""

BLOCKS = """
[window.last_block]
blocks = -1
[window.last_three]
blocks = -3
fields = ["events", "spent", "first_offer", "last_country", "win_ratio", "kinds"]
[window.last_thousand]
blocks = -1000
[window.without_this]
days = -3
own = false
fields = ["events", "points", "scores", "win_ratio", "last_level"]
"""

TIMES = """
[window.last_week]
days = -7
[window.last_hour]
hours = -1
fields = ["events", "spent", "mean_points", "last_country"]
"""


def _one(head: str, *parts: str) -> dict[str, Any]:
    return tomllib.loads('name = "odd"\n' + head + "".join(parts))


def _split(split: str, head: str = "", anchor: str = SHOWN) -> dict[str, Any]:
    return _one(f"{head}\nsplit = {{ {split} }}\n", anchor, BLOCKS, TIMES, FIELDS)


def declarations() -> dict[str, dict[str, Any]]:
    """Declarations by what is odd about them, as `tomllib` reads these."""
    most = '[anchor]\ntype = ["offer_shown", "purchase"]\nmost = 1\n'
    by_session = 'split = { by = "session" }\n'
    return {
        "windows of time": _one("", SHOWN, ATTRIBUTES, TIMES, FIELDS),
        "happened": _one('known = "happened"\n', SHOWN, ATTRIBUTES, TIMES, AFTER, FIELDS),
        "targets": _one("", SHOWN, TIMES, AFTER, FIELDS),
        "targets first": _one("", SHOWN, AFTER, TIMES, FIELDS),
        "targets alone": _one("", '[anchor]\nwhen = "true(won)"\n', AFTER, FIELDS),
        "outcomes": _one(
            'outcomes = ["offer_purchased"]\n' + by_session, SHOWN, BLOCKS_NAMED, AFTER, FIELDS
        ),
        "source": _one('source = "game"\n', SHOWN, ATTRIBUTES, TIMES, AFTER, FIELDS),
        "currency": _one('currency = "USD"\n', SHOWN, TIMES, ADDED_UP, FIELDS),
        "currency of an anchor": _one(
            'currency = "USD"\n',
            '[anchor]\nwhen = "amount > 0"\ncolumns = ["amount", "amount * 2"]\n',
            TIMES,
            FIELDS,
        ),
        "currencies": _one("", SHOWN, TIMES, ADDED_UP, FIELDS),
        "lookback": _one('lookback = "2 days"\n', SHOWN, ATTRIBUTES, TIMES, FIELDS),
        "any anchor": _one("", "[anchor]\nwhen = 'not missing(type)'\n", TIMES, AFTER, FIELDS),
        "conditional anchor": _one(
            "", SHOWN, "when = 'number(offer_price) > 0'\n", ATTRIBUTES, TIMES, FIELDS
        ),
        "of sessions": _one('of = "session"\n', SHOWN, ATTRIBUTES, TIMES, AFTER, FIELDS),
        "by session": _split('by = "session"'),
        "by session, happened": _split('by = "session"', 'known = "happened"'),
        "by session, lookback": _split('by = "session"', 'lookback = "12 hours"'),
        "by level": _split('by = "level"', 'lookback = "7 days"'),
        "by condition": _split("by = 'number(score) > 2'"),
        "by what is missing": _split('by = "type + 1"'),
        "change of session": _split('change = "session"'),
        "change of country": _split('change = "country"', 'lookback = "3 days"'),
        "gap": _split('gap = "30 minutes"'),
        "gap, lookback": _split('gap = "10 minutes"', 'lookback = "1 hours"'),
        "gap, happened": _split('gap = "6 hours"', 'known = "happened"'),
        "gap of sessions": _split('gap = "30 minutes"', 'of = "session"'),
        "days in Berlin": _split('day = "Europe/Berlin"'),
        "days in New York": _split('day = "America/New_York"', 'lookback = "3 days"'),
        "days of UTC": _split('day = "UTC"', 'of = "session"'),
        "when a session starts": _split("when = 'type == \"session_start\"'"),
        "when the session differs": _split('when = "session != previous(session)"'),
        "when a block is full": _split('when = "block(events) >= 3"', 'lookback = "3 days"'),
        "when a block is long": _split(
            'when = "block(seconds) > 3600 or block(silence) >= 600"', 'known = "happened"'
        ),
        "when it was silent": _split('when = "block(silence) > 1800"', 'lookback = "7 days"'),
        "when a block has earned": _split('when = "block(points) > 5 or block(wins) == 1"'),
        "when its last was": _split(
            "when = 'block(last_country) != country or previous(`odd name`) == \"x\"'"
        ),
        "when the next is lower": _split(
            "when = 'number(previous(score)) > number(score) or previous(time) == time'"
        ),
        "most one a session": _split('by = "session"', anchor=most),
        "most two a gap": _split('gap = "6 hours"', anchor=SHOWN + "most = 2\n"),
        "most one a day": _split('day = "Asia/Kolkata"', 'lookback = "12 hours"', most),
        "most one a win": _split("when = 'true(won)'", 'known = "happened"', most),
        "expressions": expressions(),
    }


BLOCKS_NAMED = """
[window.last_block]
blocks = -1
fields = ["events", "win_ratio"]
"""

ADDED_UP = """
[field.revenue]
sum = "amount"
[field.mean_revenue]
mean = "amount"
when = 'currency in ("EUR", "GBP")'
[field.in_cents]
sum = 'amount * 100 if currency == "EUR" else None'
"""

EXPRESSIONS = (
    *("score + 1", "score - offer_price", "score * 0.1", "1 / score", "score % 3", "-score % 2.5"),
    *("score / (level - 2)", "+country", "abs(score)", "text(score)", "text(won)", "true(won)"),
    *("lower(offer_type)", "time % 86400", "received_at - time", "amount", "`odd name`", "`won`"),
    *("score == 3", "score != 3", "score < 3", "3 <= score < 100", 'score == "3"', "score == won"),
    *("won == True", "won != True", "False == won", "won == 1", "won < 2", "won in (True, 5)"),
    *('country == "1"', "country == True", 'country < "E"', "country <= 1", "country == paid"),
    *('country in ("DE", 1)', 'country not in ("DE", None)', "level in [1, -1, 3]", "id < session"),
    *("won and score", "won or not score", "not won", "not (score > 1)", "missing(score)"),
    *('startswith(country, "D")', 'endswith(id, "1")', 'contains(text(score), "0")', "id"),
    *('not contains(offer_type, "em")', "score if won else level", "None", "1", '"a`b`c"', "True"),
    *("number(offer_price) > 0", "number(won)", "true(text(won))", 'session == "7"', "session"),
)
"""Expressions of every node, function and comparison."""


def expressions() -> dict[str, Any]:
    """A declaration that tells the value and the truth of every one of `EXPRESSIONS`."""
    made = _one("", "[anchor]\ntype = 'offer_shown'\n[window.last_week]\ndays = -7\n")
    made["anchor"]["columns"] = list(EXPRESSIONS)
    made["field"] = {
        f"{aggregate}_{position}": {aggregate: expression}
        for position, expression in enumerate(EXPRESSIONS)
        if "amount" not in expression
        for aggregate in ("count", "sum", "distinct", "min", "last")
    } | {
        f"when_{position}": {"count": True, "when": expression}
        for position, expression in enumerate(EXPRESSIONS)
    }
    return made


def random_expressions(seed: int) -> dict[str, Any]:
    """A declaration with made-up expressions, all in windows of time and in columns of anchors."""
    random = Random(seed)
    made = _one("", SHOWN, TIMES, FIELDS)
    for number in range(12):
        aggregate = random.choice(("count", "sum", "mean", "min", "max", "first", "distinct"))
        field = {aggregate: expression(random)}
        if random.random() < 0.5:
            field["when"] = expression(random)
        made["field"][f"random_{number}"] = field
    # Columns of the same name are refused.
    made["anchor"]["columns"] = list(dict.fromkeys(expression(random) for _ in range(6)))
    made["split"] = {random.choice(("by", "change", "when")): expression(random)}
    made["window"]["last_block"] = {"blocks": -1}
    return made


NAMES = ("won", "score", "level", "country", "offer_price", "type", "session", "time", "`odd name`")
CONSTANTS = ("0", "1", "2.5", '"1"', '"DE"', '"true"', '""', "True", "False", "None", "-1")


def expression(random: Random, depth: int = 3) -> str:
    """A made-up expression, in brackets where something is worked out.

    Args:
        random: What it is made with.
        depth: At most so many expressions within each other.
    """
    if depth == 0 or random.random() < 0.15:
        return random.choice(NAMES if random.random() < 0.7 else CONSTANTS)
    one, other, third = (expression(random, depth - 1) for _ in range(3))
    searched = f'({one}, "{random.choice("1De")}")'
    return random.choice(
        (
            f"({one} {random.choice(('+', '-', '*', '/', '%'))} {other})",
            f"({one} {random.choice(('==', '!=', '<', '<=', '>', '>='))} {other})",
            f"({one} {random.choice(('==', '<'))} {other} {random.choice(('!=', '>='))} {third})",
            f"({one} {random.choice(('in', 'not in'))} ({', '.join(CONSTANTS[:5])}))",
            f"({one} {random.choice(('and', 'or'))} {other})",
            f"({random.choice(('not ', '-', '+'))}{one})",
            f"({one} if {other} else {third})",
            f"{random.choice(('number', 'true', 'text', 'missing', 'abs', 'lower'))}({one})",
            f"{random.choice(('startswith', 'endswith', 'contains'))}{searched}",
        )
    )
