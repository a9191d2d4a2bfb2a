"""How long the cohorts are that users or other rows are put into: days or months."""

from typing import Final, Literal

Grain = Literal["day", "month"]
GRAINS: Final[tuple[Grain, ...]] = ("day", "month")
