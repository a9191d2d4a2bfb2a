"""All that can be tuned of neighbours, rules and sessions; a shop has one `Setting`."""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

_Positive = Annotated[float, Field(gt=0)]
MINUTE: Final = 60.0
DAY: Final = 86_400.0


class Bots(BaseModel):
    """What a session of a machine looks like: too long, or long and too fast."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    most_clicks: Annotated[int, Field(ge=2)] = 500
    """More clicks than that within a session are no visitor's."""
    least_clicks: Annotated[int, Field(ge=2)] = 20
    """A session of fewer clicks is never called too fast."""
    pace: _Positive = 1.0
    """Mean seconds between clicks, below which a session is too fast."""


class Setting(BaseModel):
    """How an index is built and asked; found for most shops, and tuned for one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    neighbours: Annotated[int, Field(ge=1)] = 500
    """Sessions that are most like the visitor's, whose items are recommended."""
    latest: Annotated[int, Field(ge=1)] = 1000
    """Sessions of each item that are looked at: its latest."""
    fading: _Positive = 2.0
    """Clicks ago at which an item of the visitor counts 1/e as much as the last one."""
    reach: Annotated[int, Field(ge=1)] = 10
    """How many items back the newest item in common may be, its weight falling on a line."""
    nearness: _Positive = 4.0
    """Clicks from the item in common, in the neighbour, at which an item counts 1/e."""
    age: _Positive = 100.0
    """Days after which a session counts 1/e."""
    rules: Annotated[float, Field(ge=0)] = 0.15
    """Share of sequential rules beside neighbours."""
    again: Annotated[float, Field(ge=0)] = 0.5
    """Added to an item looked at before; for each click since then 1/e of it."""
    steps: Annotated[int, Field(ge=1)] = 10
    """Clicks that a rule reaches ahead."""
    rules_kept: Annotated[int, Field(ge=1)] = 40
    """Rules of each item: its heaviest."""
    longest: Annotated[int, Field(ge=1)] = 20
    """Latest clicks of the visitor that are looked at."""
    gap: Annotated[float, Field(gt=0)] = 30 * MINUTE
    """Seconds without a click after which a session is another one."""
    open_for: Annotated[float, Field(ge=0)] = DAY
    """Seconds before the index's end since which sessions may still go on in a delta."""
    bots: Bots | None = Bots()
    """Sessions that are left out; None for none."""
