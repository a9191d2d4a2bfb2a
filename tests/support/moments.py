"""Moments that rows were stored at, by a clock that is not the test's own.

They are kept to the millisecond, and PostgreSQL's clock is known as well as one round trip tells:
compared to the microsecond, a row may seem older than the test that stored the row.
"""

from datetime import UTC, datetime, timedelta


def is_just_now(moment: datetime) -> bool:
    """Whether a row of this moment was stored by the test that asks, and in UTC."""
    return abs(datetime.now(UTC) - moment) < timedelta(minutes=1)
