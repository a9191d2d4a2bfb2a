"""The periods of joining by which users are put into cohorts."""

from typing import Final, Literal

Period = Literal["day", "month"]
PERIODS: Final[tuple[Period, ...]] = ("day", "month")
