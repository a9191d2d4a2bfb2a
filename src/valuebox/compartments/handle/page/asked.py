"""What the address of the page may say: which week, and which of its matches."""

from typing import Annotated

from pydantic import Field, StringConstraints

from valuebox.compartments.handle.schemas import MatchId
from valuebox.schemas.values import Model

WeekName = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{1,2}$")]


class HandlePageQuestion(Model):
    """Which week to show, and which match closer."""

    week: WeekName | None = Field(
        default=None, description="Season and week, such as `2020-11`; without, the coming one."
    )
    match: MatchId | None = Field(
        default=None, description="Id of a match; without, the next one of the week."
    )
