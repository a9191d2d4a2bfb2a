"""Moments as requests and answers hold them: ISO 8601, on the site's own clock or with a zone."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final

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


def _iso_text(value: Any) -> Any:
    # Pydantic would also take seconds since 1970, as a number or as digits in a string.
    if isinstance(value, str) and value[4:5] == "-":
        return value
    if isinstance(value, datetime):
        return value
    raise PydanticCustomError(
        "iso_date", "Input should be a date or moment in ISO 8601, such as 2019-08-01 00:00:21"
    )


def _naive(value: datetime) -> datetime:
    # Of the year as it was sent: in the calendar's first and last the conversion would overflow.
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise PydanticCustomError(
            "year", f"Input should be in the years {FIRST_YEAR} to {LAST_YEAR}"
        )
    return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value


JoinDate = Annotated[
    datetime,
    BeforeValidator(_iso_text),
    AfterValidator(_naive),
    # Not `date-time`: that would neither allow a date alone nor a moment without a zone.
    WithJsonSchema({"type": "string", "pattern": _MOMENT}),
]

# Without a zone it is no `date-time` either.
StoredMoment = Annotated[
    NaiveDatetime,
    WithJsonSchema(
        {"type": "string", "pattern": "^[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}([.][0-9]+)?$"}
    ),
]
