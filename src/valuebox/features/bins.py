"""How many training users are in each bin of every feature and of the predictions.

`valuebox.statistics.psi` compares users of today with them.
"""

import functools
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Codes = NDArray[np.intp]
Count = Annotated[int, Field(ge=0)]

MISSING: Final = "missing"
UNSEEN: Final = "unseen"
RARER: Final = "rarer"
PREDICTION: Final = "prediction"
"""The name that predictions go by among the features."""

# Ten to a decade, from a cent to a million, so that those of all models can be added up.
PREDICTION_EDGES: Final = tuple(float(f"{10 ** (step / 10):.3g}") for step in range(-20, 61))
"""Edges of the bins of predicted amounts."""
# Ten to a decade from a hundredth of a percent on, and as many towards certainty.
_SMALL_SHARES: Final = tuple(float(f"{10 ** (step / 10):.3g}") for step in range(-40, -3))
SHARE_EDGES: Final = (
    *_SMALL_SHARES,
    0.5,
    *(round(1 - share, 7) for share in reversed(_SMALL_SHARES)),
)
"""Edges of the bins of predicted probabilities; not as many as of amounts."""


class _Learned(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class NumberBins(_Learned):
    """A number: bins between edges, and one for users without a value."""

    edges: list[float] = Field(description="Where a bin ends and the next one starts.")
    names: list[str] = Field(description="What people call each bin; the last one is `missing`.")
    users: list[Count] = Field(description="Number of training users in each bin.")

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        if not len(self.edges) + 2 == len(self.names) == len(self.users):
            raise ValueError("every bin needs its own name and users")
        if (np.diff(self.edges) <= 0).any():
            raise ValueError("edges have to be in order")
        return self

    @property
    def missing(self) -> int:
        """The bin of users without a value."""
        return len(self.users) - 1

    @property
    def unseen(self) -> int | None:
        """None: every number has a bin, so none is unseen."""
        return None

    def codes(self, values: Sequence[float | None] | NDArray[Any]) -> Codes:
        """The bin of each value, `(n_users,)`; None and NaN are missing."""
        numbers = np.asarray(values, dtype=np.float64)
        bins = np.searchsorted(self.edges, numbers, side="right")
        return np.where(np.isnan(numbers), self.missing, bins)


class CategoryBins(_Learned):
    """A category: a bin for each frequent value, and one each for what is left.

    Those are the rarer values that the model knows, values that it does not know, and none.
    """

    values: list[str] = Field(
        description="The frequent values, most frequent first; each has a bin."
    )
    rarer: list[str] = Field(
        description="The other values that the model knows, which share a bin."
    )
    users: list[Count] = Field(
        description="Number of training users with each frequent value, then with a rarer, an "
        "unseen and a missing one."
    )

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        if len(self.values) + 3 != len(self.users):
            raise ValueError("every bin needs its own users")
        if len({*self.values, *self.rarer}) != len(self.values) + len(self.rarer):
            raise ValueError("a value belongs to one bin")
        return self

    @property
    def names(self) -> list[str]:
        """What people call each bin."""
        return [*self.values, RARER, UNSEEN, MISSING]

    @property
    def missing(self) -> int:
        """The bin of users without a value."""
        return len(self.users) - 1

    @property
    def unseen(self) -> int | None:
        """The bin of values that the model does not know."""
        return len(self.users) - 2

    def codes(self, values: Sequence[Any]) -> Codes:
        """The bin of each value, `(n_users,)`; whatever is no text is missing."""
        code_of = {value: code for code, value in enumerate(self.values)}
        code_of |= dict.fromkeys(self.rarer, len(self.values))
        unseen = len(self.users) - 2
        found = (code_of.get(v, unseen) if isinstance(v, str) else self.missing for v in values)
        return np.fromiter(found, np.intp, len(values))


Bins = NumberBins | CategoryBins


class Reference(_Learned):
    """How many training users are in each bin, by feature and by prediction."""

    numbers: dict[str, NumberBins] = Field(
        description="Bins of every numeric feature, by its name."
    )
    categories: dict[str, CategoryBins] = Field(
        description="Bins of every categorical feature, by its name."
    )
    predictions: list[Count] = Field(
        description="What the model says of them: how much between `PREDICTION_EDGES`, or how "
        "likely between `SHARE_EDGES`. How many bins there are tells which."
    )

    @field_validator("predictions")
    @classmethod
    def _are_between_known_edges(cls, predictions: list[int]) -> list[int]:
        if len(predictions) - 1 not in {len(PREDICTION_EDGES), len(SHARE_EDGES)}:
            raise ValueError("every bin of predictions needs its own users")
        return predictions

    @property
    def prediction_edges(self) -> tuple[float, ...]:
        """The edges between the bins of predictions, the same for all models of a kind."""
        is_share = len(self.predictions) == len(SHARE_EDGES) + 1
        return SHARE_EDGES if is_share else PREDICTION_EDGES

    @functools.cached_property
    def features(self) -> Mapping[str, Bins]:
        """The bins of every feature."""
        return {**self.numbers, **self.categories}

    @property
    def never_had(self) -> set[str]:
        """Features that no training user had a value of."""
        of = self.features.items()
        return {name for name, bins in of if bins.users[bins.missing] == sum(bins.users)}


def prediction_codes(
    predictions: NDArray[np.float64], edges: Sequence[float] = PREDICTION_EDGES
) -> Codes:
    """The bin of each prediction between `edges`, in the shape of `predictions`."""
    return np.searchsorted(edges, predictions, side="right")
