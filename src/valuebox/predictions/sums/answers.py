"""What the sums answer; amounts in the site's currency."""

import math
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID


@dataclass(frozen=True)
class Span:
    """What the sums reach over; None where they hold nothing."""

    first_day: date | None
    """The first day of cohorts."""
    last_day: date | None
    first_received: date | None
    last_received: date | None
    folded_at: datetime | None
    """When something was last added to the sums."""


@dataclass(frozen=True)
class ArrivalDay:
    """Rows that came on one day, in UTC."""

    day: date
    model: str
    rows: int
    prediction: float | None
    """Mean prediction; None where it would tell of few."""


@dataclass(frozen=True)
class PredictionBin:
    """Rows with predictions from `lower` up to `upper`, which is not included."""

    model: str
    lower: float | None
    """Lower edge; None for the first bin, which has everything below."""
    upper: float | None
    """Upper edge; None for the last bin, which has everything above."""
    rows: int
    expected: float | None
    """Share of the training users; None where the model was never registered."""


@dataclass(frozen=True)
class CohortMean:
    """The rows of one segment and of one day or month, predicted by one model.

    Rows are called users. All means are over the users whose outcome is known, where there are any,
    or enough to tell, else over all.
    """

    segment: str
    period: str
    """Day such as 2019-07-01 or month such as 2019-07."""
    model: str
    users: int
    known_users: int
    """Users whose outcome is known."""
    predicted: float
    lower: float | None
    """Lower end of the interval for their mean; None where the model was never registered."""
    upper: float | None
    actual: float | None
    """Mean of the outcomes; None until one is known, or enough of them to tell."""
    floor: float | None
    """The error that chance alone leaves on average, from how these users scatter; None of fewer
    than two users whose outcome is known."""

    @property
    def is_inside(self) -> bool | None:
        """Whether the interval holds what came true; None while either is not known."""
        beyond = self.beyond
        return None if beyond is None else beyond == 0

    @property
    def beyond(self) -> float | None:
        """By how much what came true lies outside the interval; None while that is not known."""
        if self.actual is None or self.lower is None or self.upper is None:
            return None
        return max(self.lower - self.actual, self.actual - self.upper, 0.0)

    @property
    def surprise(self) -> float:
        """How many times as wide an interval, to that side, would hold what came true, less 1."""
        beyond = self.beyond
        if not beyond or self.actual is None or self.lower is None or self.upper is None:
            return 0.0
        is_above = self.actual > self.upper
        side = self.upper - self.predicted if is_above else self.predicted - self.lower
        return beyond / side if side > 0 else math.inf


@dataclass(frozen=True)
class BinShare:
    """Users with some values of a feature."""

    name: str
    """The value, or the range of numbers."""
    expected: float
    """Share of the training users."""
    actual: float
    """Share of the rows."""


@dataclass(frozen=True)
class FeatureDrift:
    """How far the rows of a period are from the training users, by one feature or `prediction`."""

    model: str
    feature: str
    period: str | None
    """A month of cohorts; None for the whole selection."""
    rows: int
    psi: float
    """The population stability index; see `bins`."""
    noise: float
    """What chance alone exceeds once in 1,000 times, with so many rows."""
    missing: float
    """Share of rows without a value."""
    missing_expected: float
    unseen: float
    """Share of rows with a value that the model does not know."""
    unseen_expected: float
    bins: tuple[BinShare, ...] = field(repr=False)
    """Shares of each bin; empty for `prediction`, which has bins of its own."""
    is_category: bool = False
    """Whether values are texts, which the model may not know."""


@dataclass(frozen=True)
class ModelUse:
    """A model and what it was used for."""

    model: str
    trained_at: datetime | None
    """When the model was trained; None where it was never registered."""
    first_at: datetime | None
    """When the first row of the model came; None where none has come yet."""
    last_at: datetime | None
    rows: int


@dataclass(frozen=True)
class CohortDay:
    """Rows whose cohort is of one day, predicted by one model."""

    day: date
    model: str
    users: int
    known_users: int
    """Users whose outcome is known."""


@dataclass(frozen=True)
class RecentRequest:
    """A request that stored predictions."""

    request_id: UUID
    received_at: datetime
    rows: int
    model: str


@dataclass(frozen=True)
class Totals:
    """Rows of a selection in one segment, predicted by one model; sums. Rows are called users."""

    model: str
    segment: str
    users: int
    prediction: float
    known_users: int
    """Users whose outcome is known; the other sums named so are over these."""
    known_prediction: float
    known_actual: float
    last_known: date | None
    """The last day of cohorts of which an outcome is known."""

    def predicted(self, least: int = 1) -> float | None:
        """Mean over all users; None where there are fewer than `least`.

        None, too, where fewer than that lack an outcome: beside `predicted_of_known` it would tell
        of them.
        """
        others = self.users - self.known_users
        if self.users < least or (self.known_users >= least and 0 < others < least):
            return None
        return self.prediction / self.users

    def predicted_of_known(self, least: int = 1) -> float | None:
        """Mean over the users whose outcome is known; None until there are `least`."""
        return self.known_prediction / self.known_users if self.known_users >= least else None

    def actual(self, least: int = 1) -> float | None:
        """Mean outcome of users whose outcome is known; None until there are `least`."""
        return self.known_actual / self.known_users if self.known_users >= least else None
