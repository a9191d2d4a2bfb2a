"""What is checked, from where on it is too much, and what was found."""

from datetime import date
from statistics import NormalDist
from typing import Annotated, Final, Literal, NamedTuple

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from valuebox.statistics.psi import SHIFT

Check = Literal["psi", "missing", "unseen", "error", "lag", "evidence"]
Unknowable = Literal["psi", "error", "evidence"]
Share = Annotated[float, Field(ge=0, le=1)]
CHANCE_Z: Final = NormalDist().inv_cdf(0.999)
"""Deviations that chance alone exceeds once in 1,000 times."""


class _Found(BaseModel):
    model_config = ConfigDict(frozen=True)


class Thresholds(_Found):
    """From where on somebody has to look, if it is also more than chance explains."""

    psi: Annotated[float, Field(gt=0)] = Field(
        default=SHIFT,
        description="Largest population stability index of a feature, or of the predictions, that "
        "is no finding.",
    )
    missing: Share = Field(
        default=0.1,
        description="Largest share of rows without a value, less that of the training rows, that "
        "is no finding.",
    )
    unseen: Share = Field(
        default=0.05,
        description="Largest share of rows with a value that the model does not know that is no "
        "finding.",
    )
    error: Annotated[float, Field(gt=0)] = Field(
        default=0.1,
        description="Largest error of matured cohort means, as a share of the actual mean, that is "
        "no finding.",
    )
    lag: Annotated[int, Field(ge=0)] = Field(
        default=90,
        description="Largest number of days from the last matured day to the last day that is no "
        "finding.",
    )


class Finding(_Found):
    """One figure and what it was compared with."""

    check: Check = Field(description="What was compared with its threshold.")
    feature: str | None = Field(
        description="Name of the feature that the finding is about, or of the test that `evidence` "
        "is from; null where it is about none."
    )
    value: float = Field(description="The figure that was found.")
    limit: float = Field(description="The threshold that the figure is compared with.")
    chance: float = Field(description="Value that chance alone exceeds once in 1,000 times.")

    @property
    def crossed(self) -> bool:
        """Whether somebody has to look."""
        return self.value > self.limit and self.value > self.chance


class FeatureFound(_Found):
    """Users of late beside the training users, by one feature or by `prediction`."""

    feature: str = Field(description="Name of the feature, or `prediction`.")
    psi: float = Field(
        description="Population stability index of the rows against the training rows."
    )
    chance: float = Field(description="Index that chance alone exceeds once in 1,000 times.")
    missing: float = Field(description="Share of rows without a value.")
    missing_expected: float = Field(description="Share of the training rows without a value.")
    unseen: float = Field(description="Share of rows with a value that the model does not know.")
    is_category: bool = Field(
        default=False, description="Whether values are texts, which a model may not know."
    )


class Drifted(_Found):
    """How far users of late are from the training users of the model that answered most."""

    model: str = Field(
        description="Tag of the model whose training rows are compared with; of declared features "
        "each declaration and its version, such as offers:2."
    )
    first: date = Field(description="First day of the rows that are compared.")
    last: date = Field(description="Last day of the rows that are compared.")
    rows: int = Field(description="Number of rows that are compared.")
    people: int | None = Field(
        default=None,
        description="How many different customers the rows are of, at least; null where no two "
        "rows are of the same.",
    )
    features: list[FeatureFound] = Field(
        description="Features and predictions, the highest index first."
    )

    @property
    def different(self) -> int:
        """How many rows of different people know as much."""
        return self.rows if self.people is None else min(self.rows, self.people)


class SegmentFound(_Found):
    """The matured rows of one segment and one month of cohorts; means per row."""

    segment: str = Field(description="Segment of the cohort.")
    month: str = Field(description="Month of the cohort, such as 2019-07.")
    users: int = Field(description="Rows of the cohort whose outcome is known.")
    actual: float = Field(description="Mean outcome of these rows.")
    predicted: float = Field(description="Mean prediction of these rows.")
    floor: float = Field(description="Error of the mean that chance alone leaves, roughly.")
    lower: float | None = Field(
        description="Lower end of the interval for the mean outcome; null where there is none."
    )
    upper: float | None = Field(
        description="Upper end of the interval for the mean outcome; null where there is none."
    )

    @property
    def is_inside(self) -> bool | None:
        """Whether the actual mean lies in the interval; None where there is none."""
        if self.lower is None or self.upper is None:
            return None
        return self.lower <= self.actual <= self.upper


class Matured(_Found):
    """How far off the means of cohorts were whose outcomes are known."""

    model: str = Field(description="Tag of the model that predicted.")
    first: date = Field(description="First day of the cohorts.")
    last: date = Field(description="Last day of the cohorts: the last matured day.")
    users: int = Field(description="Rows whose outcome is known.")
    actual: float = Field(description="Mean outcome of all these rows.")
    error: float = Field(
        description="Mean absolute error of the cohort mean, by segment and month, weighted by "
        "users; in the currency of the outcomes."
    )
    floor: float = Field(description="Part of `error` that chance alone leaves, roughly.")
    chance: float = Field(description="Error that chance alone exceeds once in 1,000 times.")
    inside: float | None = Field(description="Share of cohorts whose mean lies in its interval.")
    segments: list[SegmentFound] = Field(description="The largest cohorts, most users first.")


class Unknown(_Found):
    """A check that nothing can be said of, which is not the same as calm."""

    check: Unknowable = Field(description="What could not be compared with its threshold.")
    why: str = Field(description="The reason, in a sentence for people.")


class Figure(_Found):
    """One figure that a compartment tells of its predictions."""

    name: str = Field(description="What the figure is.")
    segment: str = Field(description="The segment that it is of, or `all`.")
    value: float = Field(description="The figure.")


class Evidence(NamedTuple):
    """What a compartment finds by tests of its own; see `Ledger.evidence`."""

    figures: list[Figure]
    findings: list[Finding]
    unknown: str | None
    """Why nothing can be said, in a sentence; None where something can."""


class MonitorResult(_Found):
    """What `valuebox monitor` found; it writes this with `--report`, and stores it."""

    compartment: str = Field(
        default="ltv", description="Name of the compartment whose predictions were looked at."
    )
    made_at: AwareDatetime = Field(description="When the check was made, in UTC.")
    thresholds: Thresholds = Field(description="What the figures are compared with.")
    drift: Drifted | None = Field(
        description="How far rows are from those that the model learned from; null where nothing "
        "is known of these."
    )
    matured: Matured | None = Field(
        description="How far off predictions were whose outcome is known; null until there are "
        "outcomes."
    )
    label_lag_days: int | None = Field(
        description="Days from the last matured day to the last day with rows; null where nothing "
        "is predicted, so that there are no outcomes."
    )
    findings: list[Finding] = Field(description="Every figure that was compared with a threshold.")
    unknown: list[Unknown] = Field(
        default=[],
        description="What cannot be told: `psi` without anything to compare with or with so few "
        "rows that chance passes its threshold, `error` without outcomes, `evidence` where a "
        "compartment that has tests of its own has too little to test.",
    )
    figures: list[Figure] = Field(
        default=[], description="What the compartment tells beside that; empty where it does not."
    )

    @property
    def crossed(self) -> list[Finding]:
        """What somebody has to look at."""
        return [one for one in self.findings if one.crossed]

    @property
    def is_drift_unknown(self) -> bool:
        """Whether users of late may be others than the training users, for all that is known."""
        return any(one.check in ("psi", "evidence") for one in self.unknown)
