"""Moments as requests and answers hold them: ISO 8601, on the site's own clock or in UTC."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from itertools import chain
from typing import Annotated, Any, Final, overload
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, BeforeValidator, NaiveDatetime, WithJsonSchema
from pydantic_core import PydanticCustomError

FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2199

_YEAR: Final = r"(19[7-9][0-9]|2[01][0-9][0-9])"
_LEAP_YEAR: Final = (
    r"(19(7[26]|8[048]|9[26])|20([02468][048]|[13579][26])|21(0[48]|[2468][048]|[13579][26]))"
)
_DAY: Final = (
    r"((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|"
    r"02-(0[1-9]|1[0-9]|2[0-8]))"
)
_HOUR: Final = r"([01][0-9]|2[0-3]):[0-5][0-9]"
_ZONE: Final = r"([01][0-9]|2[0-3]):?[0-5][0-9]"
_MOMENT: Final = (
    rf"^({_YEAR}-{_DAY}|{_LEAP_YEAR}-02-29)"
    rf"([Tt _]{_HOUR}(:[0-5][0-9]([.,][0-9]+)?)?([Zz]|[+-]{_ZONE})?)?$"
)


def _in_bounds(value: Any) -> Any:
    # Before it is parsed: BentoML's generator has optional fields checked twice, the second time
    # as UTC, where the first and last moments may be in another year than the one that was sent.
    if isinstance(value, datetime):
        year = value.year
    elif isinstance(value, str) and value[4:5] == "-" and value[:4].isdecimal():
        year = int(value[:4])
    else:
        # Pydantic would also take seconds since 1970, as a number or as digits in a string.
        raise PydanticCustomError(
            "iso_date", "Input should be a date or moment in ISO 8601, such as 2019-08-01 00:00:21"
        )
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise PydanticCustomError(
            "year", f"Input should be in the years {FIRST_YEAR} to {LAST_YEAR}"
        )
    return value


def _naive(value: datetime) -> datetime:
    return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value


def _aware(value: datetime) -> datetime:
    return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


# Not `date-time`: that would neither allow a date alone nor a moment without a zone.
_SCHEMA: Final = WithJsonSchema({"type": "string", "pattern": _MOMENT})

JoinDate = Annotated[
    datetime,
    BeforeValidator(_in_bounds),
    AfterValidator(_naive),
    _SCHEMA,
]

Moment = Annotated[datetime, BeforeValidator(_in_bounds), AfterValidator(_aware), _SCHEMA]
"""An aware moment in UTC; one without a zone is taken for UTC."""

_DIGITS: Final = bytes.maketrans(b"123456789T", b"000000000 ")
_ZONES: Final = (b"", b"Z", b"+00:00")
"""What stands behind moments in UTC, or behind those without a zone."""
_SPELLING: Final = {
    len(one + zone): (one + zone, zone)
    for one in (b"0000-00-00 00:00:00", b"0000-00-00 00:00:00.000", b"0000-00-00 00:00:00.000000")
    for zone in _ZONES
} | {len(b"0000-00-00"): (b"0000-00-00", b"")}
"""How digits stand in moments of which many are read at once, and the zone, by the length."""


class JoinDates(Sequence[datetime]):
    """Join dates of a whole column, which become Python's own when they are looked at."""

    def __init__(self, array: NDArray[np.datetime64]):
        """The dates of an array, `(n,) datetime64[us]`, on the site's own clock."""
        self.array = array

    def __len__(self) -> int:
        return len(self.array)

    @overload
    def __getitem__(self, position: int) -> datetime: ...
    @overload
    def __getitem__(self, position: slice) -> "JoinDates": ...
    def __getitem__(self, position: int | slice) -> "datetime | JoinDates":
        found: Any = self.array[position]
        return JoinDates(found) if isinstance(position, slice) else found.item()

    def __iter__(self) -> Iterator[datetime]:
        return iter(self.array.tolist())


def put_together(parts: Sequence[Sequence[Any]]) -> Sequence[Any]:
    """One column of several, `JoinDates` where all of these are."""
    arrays = [one.array for one in parts if isinstance(one, JoinDates)]
    if len(arrays) == len(parts):
        return JoinDates(np.concatenate(arrays))
    return list(chain.from_iterable(parts))


def plain_times(texts: Sequence[str]) -> NDArray[np.datetime64]:
    """Moments that are all spelt in the same one of a few ways, as an array in UTC.

    Args:
        texts: At least one; dates, or moments in UTC or without a zone.

    Returns:
        What `JoinDate` and `Moment` make of them, `(n_texts,) datetime64[us]`.

    Raises:
        ValueError: where they are no moments, are spelt in another way, or it is in doubt.
    """
    return np.array(_plain(texts), dtype="datetime64[us]")


def _plain(texts: Sequence[str]) -> Sequence[str]:
    """Moments without their zones, which are UTC; days and minutes may still be none."""
    spelling, zone = _SPELLING.get(len(texts[0]), (b"", b""))
    written = "\n".join(texts).encode()
    if not spelling or written.translate(_DIGITS) != b"\n".join([spelling] * len(texts)):
        raise ValueError("moments that are not plain")
    # A later Python takes hour 24 for the next day.
    if b" 24" in written or b"T24" in written:
        raise ValueError("moments after the end of a day")
    if min(texts) < str(FIRST_YEAR) or max(texts) >= str(LAST_YEAR + 1):
        raise ValueError("moments of other years")
    if not zone:
        return texts
    # Digits of any zone stand there as those of UTC do.
    if written.count(zone) != len(texts):
        raise ValueError("moments of other zones")
    return [text[: -len(zone)] for text in texts]


# Without a zone it is no `date-time` either.
StoredMoment = Annotated[
    NaiveDatetime,
    WithJsonSchema(
        {"type": "string", "pattern": "^[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}([.][0-9]+)?$"}
    ),
]


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def is_time_zone(name: Any) -> bool:
    """Whether a time zone has this name, as in the database of IANA."""
    return isinstance(name, str) and name in _time_zones()


def _known_zone(name: str) -> str:
    if not is_time_zone(name):
        raise PydanticCustomError("zone", "Input should be a time zone such as Europe/Berlin")
    return name


TimeZone = Annotated[str, AfterValidator(_known_zone)]
"""The name of a time zone."""

_ENDS_WITH_ZONE: Final = re.compile(rf"([Zz]|[+-]{_ZONE})$")
_BEFORE_TIME: Final = len("2019-07-01T")


def with_zone(text: str, zone: ZoneInfo) -> str:
    """A date or moment that comes without a zone, as the clock of one shows it, in UTC.

    Returns:
        The text as it is where it has a zone, or is no moment.
    """
    if _ENDS_WITH_ZONE.search(text, _BEFORE_TIME):
        return text
    try:
        shown = datetime.fromisoformat(text.replace(",", "."))
    except ValueError:
        return text
    if not FIRST_YEAR < shown.year <= LAST_YEAR:
        return text
    return shown.replace(tzinfo=zone).astimezone(UTC).isoformat()
