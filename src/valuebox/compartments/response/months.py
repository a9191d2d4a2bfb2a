"""How many a model expected to respond and how many did, for one past month after the other."""

from collections.abc import Sequence

import numpy as np
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from valuebox.compartments.response.level import expected_between
from valuebox.compartments.response.model import ResponseModel
from valuebox.facts.clock import aware
from valuebox.facts.reading import FactColumns
from valuebox.facts.windows import there


class Came(BaseModel):
    """A response in any category: expected and came."""

    model_config = ConfigDict(frozen=True)

    response: str = Field(description="Type of event that is the response.")
    responders: int = Field(description="Number of customers who responded.")
    expected: float = Field(description="Number of responders that the model expected.")
    expected_lower: float = Field(description="Lower end of the 90 % interval of how many respond.")
    expected_upper: float = Field(description="Upper end of the 90 % interval of how many respond.")


class Month(BaseModel):
    """What was expected of the customers of a month, and what came."""

    model_config = ConfigDict(frozen=True)

    start: AwareDatetime
    end: AwareDatetime
    customers: int
    responses: list[Came]


def expected_in(model: ResponseModel, facts: FactColumns, start: np.datetime64) -> Month | None:
    """Compare what is expected of a month with what came.

    Args:
        model: Which has not learned from that month.
        facts: What happened before and within the month.
        start: Of the month, UTC.

    Returns:
        None when of nobody it is known what they did in all of the month.
    """
    chosen = there(facts, start, model.days)
    if not len(chosen):
        return None
    history = model.encoder.history(facts, start)
    happened = model.encoder.happened(history, start, model.days, chosen)
    chances = model.anywhere(facts, start, chosen)
    places = [place for place, cell in enumerate(model.cells) if cell.category is None]
    found = []
    for response, place in enumerate(places):
        said = chances[:, response]
        lower, upper = expected_between(said, model.moves[place])
        found.append(
            Came(
                response=model.cells[place].response,
                responders=int(happened[:, place].sum()),
                expected=float(said.sum()),
                expected_lower=lower,
                expected_upper=upper,
            )
        )
    end = start + np.timedelta64(model.days, "D")
    return Month(start=aware(start), end=aware(end), customers=len(chosen), responses=found)


def past(
    models: Sequence[ResponseModel], facts: FactColumns, starts: Sequence[np.datetime64]
) -> list[Month]:
    """What each of several models expected of its month, and what came.

    Months of which nothing is known are left out.
    """
    each = (expected_in(*pair) for pair in zip(models, [facts] * len(models), starts, strict=True))
    return [one for one in each if one is not None]
