"""How values are written for people, on pages and in the terminal."""

import json
import math
import re
import unicodedata
from collections.abc import Callable
from typing import Final

NOTHING: Final = "—"
"""Written where a value is not known."""

_SIZES: Final = ((1e12, "T"), (1e9, "B"), (1e6, "M"))
_WRITTEN_OUT: Final = 1e9
"""Amounts from here on are rounded: no column holds them, and nobody reads so many digits."""
_LEAST: Final = 1e-6
_LEAST_P: Final = 0.001
_MOST_DECIMALS: Final = 12
_BLANKS: Final = re.compile(r"^ +| +$|  +")
_INVISIBLE: Final = ("Cc", "Cf", "Zl", "Zp")
# Letters and marks that take no room, or look like none: Unicode's Default_Ignorable_Code_Point.
_IGNORED: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)
# Letters of several scripts and parts of one emoji are joined, or kept apart, by these.
_JOINERS: Final = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"
_AS_EMOJI: Final = "\N{VARIATION SELECTOR-16}"
_KEYCAP: Final = "\N{COMBINING ENCLOSING KEYCAP}"


def visible(text: str) -> str:
    r"""A text in which everything can be seen, in one line.

    Blanks where they would not be noticed become ␣. Characters that control a terminal, turn the
    direction of writing or take no room become their number, such as ⟨U+202E⟩: two names that
    differ look different, and none can pass for another or hide a part of itself.
    """
    return _BLANKS.sub(lambda found: "␣" * len(found[0]), escaped(text))


def escaped(text: str, kept: str = "") -> str:
    """A text as `visible` shows it, in which blanks stay blanks.

    Args:
        text: With anything in it.
        kept: Characters that do no harm where the text goes, such as line breaks on a page.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        f"⟨U+{ord(one):04X}⟩" if one not in kept and _is_hidden(text, place) else one
        for place, one in enumerate(text)
    )


def json_escaped(text: str) -> str:
    r"""JSON that says the same and shows what hides in its strings, such as \u202e."""
    return "\n".join(
        line
        if line.isascii() and line.isprintable()
        else "".join(
            json.dumps(one)[1:-1] if _is_hidden(line, place) else one
            for place, one in enumerate(line)
        )
        for line in text.split("\n")
    )


def short(text: str, longest: int = 48) -> str:
    """A text without its middle where it is longer: ends tell long names apart as beginnings do."""
    if len(text) <= longest:
        return text
    kept = longest - 1
    return f"{text[: kept - kept // 3]}…{text[-(kept // 3) :]}"


def figure(value: float | None) -> str:
    """An amount with two decimals: 1,093.00; more of them where it is tiny, rounded from 1e9 on."""
    if value is None:
        return NOTHING
    size = abs(value)
    if size >= _WRITTEN_OUT:
        return compact(value)
    if not 0 < size < 0.01:
        return f"{value:,.2f}"
    if size < _LEAST:
        return f"< {_LEAST:f}" if value > 0 else f"> {-_LEAST:f}"
    return f"{value:.{1 - math.floor(math.log10(size))}f}"


def whole(value: float | None) -> str:
    """An amount without decimals: 1,093; of what is smaller than 1, as `figure` has it."""
    if not value or abs(value) < 1 or abs(value) >= _WRITTEN_OUT:
        return figure(value)
    return f"{value:,.0f}"


def gain(value: float | None) -> str:
    """A difference of amounts, with its sign: +1,093."""
    return f"+{whole(value)}" if value is not None and value > 0 else whole(value)


def count(value: int | None) -> str:
    """A number of things, in full: 1,234,567."""
    return NOTHING if value is None else f"{value:,}"


def compact(value: float) -> str:
    """A number as short as it goes, with up to four digits that count: 1.2 M, 950, 0.025."""
    for number, (size, name) in enumerate(_SIZES):
        # What would be rounded to 1,000 M is 1 B.
        if abs(value) >= 0.99995 * size:
            scaled = value / size
            digits = f"{scaled:,.0f}" if number == 0 and abs(scaled) >= 1000 else f"{scaled:.4g}"
            return f"{digits}\N{NO-BREAK SPACE}{name}"
    if value == 0:
        return "0"
    # Round values beside an axis keep all of their digits below a million.
    decimals = min(max(0, 3 - math.floor(math.log10(abs(value)))), _MOST_DECIMALS)
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(value: float | None, decimals: int = 0) -> str:
    """A share: 12 %, 3.4 %, 0.050 %; never 0 % of something, nor 100 % of less than all.

    Args:
        value: 1 is 100 %.
        decimals: Of shares from 10 to 99.5 %; smaller and larger ones have one at least.
    """
    if value is None:
        return NOTHING
    size = 100 * abs(value)
    if 0 < size < 0.001:
        text = "< 0.001" if value > 0 else "> -0.001"
    elif 0 < size < 0.1:
        text = f"{100 * value:.{1 - math.floor(math.log10(size))}f}"
    elif 0 < size < 10:
        text = f"{100 * value:.{max(decimals, 1)}f}"
    elif 99.5 <= size < 100:
        text = f"{100 * value:.1f}" if size < 99.95 else "> 99.9"
    else:
        text = f"{100 * value:,.{decimals}f}"
    return f"{text}\N{NO-BREAK SPACE}%"


def points(value: float | None) -> str:
    """A difference of shares in percentage points: 1.2 pp, -0.050 pp."""
    return NOTHING if value is None else percent(value, decimals=1).replace("%", "pp")


def change(value: float | None) -> str:
    """A change in percent, with its sign: +12%, -0.3%, +2,500%."""
    if value is None:
        return NOTHING
    size = 100 * abs(value)
    if size == 0:
        return "0%"
    if size >= 1e6:
        return f"{'+' if value > 0 else ''}{compact(100 * value)}%"
    return f"{100 * value:+.1g}%" if 0.001 < size < 0.95 else f"{100 * value:+,.0f}%"


def interval(lower: float | None, upper: float | None, write: Callable[[float], str]) -> str:
    """Both ends of an interval, or the one that there is: 2.10 to 3.25, from 2.10."""
    if lower is None:
        return NOTHING if upper is None else f"up to {write(upper)}"
    return f"from {write(lower)}" if upper is None else f"{write(lower)} to {write(upper)}"


def p_value(value: float | None) -> str:
    """A p-value with three decimals; none is nothing."""
    if value is None:
        return NOTHING
    return f"< {_LEAST_P}" if value < _LEAST_P else f"{value:.3f}"


def index(value: float | None) -> str:
    """A number without a unit, with three decimals, or four digits where it is large."""
    if value is None:
        return NOTHING
    return compact(value) if abs(value) >= 1e4 or 0 < abs(value) < _LEAST_P else f"{value:.3f}"


def _is_hidden(text: str, place: int) -> bool:
    one = text[place]
    if unicodedata.category(one) not in _INVISIBLE and not _IGNORED.match(one):
        return False
    before, after = text[place - 1 : place], text[place + 1 : place + 2]
    if one == _AS_EMOJI:
        # Keycaps are a digit, this selector and a frame.
        return not (before and not before.isalnum() and not before.isascii()) and after != _KEYCAP
    beside = before + after
    return not (one in _JOINERS and len(beside) == 2 and not any(map(str.isascii, beside)))
