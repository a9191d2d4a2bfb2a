"""Amounts as people write them: with separators, signs and currencies."""

import re
from typing import Final, Literal, NamedTuple

Separator = Literal[".", ","]

SEPARATORS: Final[tuple[Separator, ...]] = (".", ",")

# Spaces that do not break, narrow and wide, and the apostrophes that the Swiss use.
_SPACES: Final = " \t\u00a0\u2007\u2009\u202f"
_BETWEEN: Final = f"{_SPACES}'\u2019`"
# Hyphens, dashes, and the minus of mathematics.
_MINUS: Final = r"\-\u2010\u2011\u2013\u2212"
_UNIT: Final = r"[^\W\d_]{0,3}[$€£¥￥₹₽₩₺₴₪₫฿₱₦₸]|[^\W\d_]{2,3}\.?"
_SPACE: Final = f"[{_SPACES}]*"
_WRITTEN: Final = re.compile(
    rf"(?P<open>\()?{_SPACE}(?P<sign>[+{_MINUS}])?{_SPACE}(?P<before>{_UNIT})?{_SPACE}"
    rf"(?P<inner>[+{_MINUS}])?{_SPACE}"
    rf"(?P<body>[\d.,](?:[\d.,{_BETWEEN}]*?[\d.,])??)(?P<cents>[.,](?:--?|[\u2013\u2014]))?"
    rf"{_SPACE}(?P<behind>{_UNIT})?{_SPACE}(?P<last>[{_MINUS}])?{_SPACE}(?P<close>\))?"
)
_GROUPED: Final = re.compile(r"[1-9]\d{0,2}(?:(?P<mark>\D)\d{3})(?:(?P=mark)\d{3})*")
# As in India: 1,00,000.
_LAKHS: Final = re.compile(r"[1-9]\d?(?:,\d\d)+,\d{3}")


class Written(NamedTuple):
    """An amount, before its separators are understood."""

    body: str
    """Digits, points and commas."""
    is_negative: bool
    unit: str | None
    """What stands beside the amount, such as a currency."""


def taken_apart(text: str) -> Written | None:
    """What an amount is made of; None where it is none."""
    match = _WRITTEN.fullmatch(text)
    if match is None:
        return None
    signs = [match[one] for one in ("sign", "inner", "last", "open") if match[one]]
    both = match["before"] and match["behind"]
    if len(signs) > 1 or both or bool(match["open"]) != bool(match["close"]):
        return None
    if (body := _without_spaces(match["body"])) is None:
        return None
    return Written(body, bool(signs) and signs[0] != "+", match["before"] or match["behind"])


def _without_spaces(body: str) -> str | None:
    """Digits whose groups have a space or an apostrophe between them, without those."""
    marks = set(body) & set(_BETWEEN)
    if not marks:
        return body
    cut = max(body.rfind(mark) for mark in marks) + 4
    whole, rest = body[:cut], body[cut:]
    if len(marks) > 1 or not _GROUPED.fullmatch(whole) or rest[:1].isdigit():
        return None
    return "".join(one for one in whole if one.isdigit()) + rest


def fits(body: str) -> frozenset[Separator]:
    """Which separators may stand before the cents of an amount; both where it has none."""
    return frozenset(one for one in SEPARATORS if number(body, one) is not None)


def number(body: str, decimal: Separator) -> str | None:
    """An amount as Python writes it; None where the separator cannot be what is said."""
    thousands = "," if decimal == "." else "."
    whole, point, cents = body.partition(decimal)
    if thousands in whole:
        grouped = _GROUPED.fullmatch(whole) or (decimal == "." and _LAKHS.fullmatch(whole))
        if not grouped:
            return None
        whole = whole.replace(thousands, "")
    digits = whole + cents
    if not digits.isdecimal():
        return None
    return f"{whole}.{cents}" if point else whole
