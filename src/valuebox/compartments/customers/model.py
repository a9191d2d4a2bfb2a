"""What a model of customers has to have, for the rest to work with any."""

from datetime import datetime
from typing import Protocol

import numpy as np

from valuebox.facts.reading import FactColumns
from valuebox.facts.windows import Floats, Positions
from valuebox.features.bins import Reference


class CustomerModel(Protocol):
    """A model of what customers will do, by what they did."""

    @property
    def tag(self) -> str:
        """Exact tag of the model in the model store."""

    @property
    def created_at(self) -> datetime:
        """When it was saved."""

    @property
    def days(self) -> int:
        """How many days ahead the model looks."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the features."""

    @property
    def reference(self) -> Reference:
        """Customers that the model has learned from, by bin."""

    @property
    def judged_by(self) -> str:
        """What it takes to judge the predictions besides, such as a type of events."""

    def features(self, facts: FactColumns, at: np.datetime64, chosen: Positions) -> Floats:
        """What is known of customers at a moment.

        Args:
            facts: All that these customers did before; later events are not looked at.
            at: The moment, UTC.
            chosen: Positions of the customers among those of the facts.

        Returns:
            `(n_chosen, len(names))`, without missing values.
        """

    def chances(self, rows: Floats) -> Floats:
        """Probabilities by features: `(n_rows,)`."""
