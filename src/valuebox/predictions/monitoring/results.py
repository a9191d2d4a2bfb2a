"""What is checked, from where on it is too much, and what was found."""

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from valuebox.statistics.psi import SHIFT

Check = Literal["psi", "missing", "unseen", "error", "lag"]
Unknowable = Literal["psi", "error"]
Share = Annotated[float, Field(ge=0, le=1)]


class _Found(BaseModel):
    model_config = ConfigDict(frozen=True)


class Thresholds(_Found):
    """From where on somebody has to look, if it is also more than chance explains."""

    psi: Annotated[float, Field(gt=0)] = Field(
        default=SHIFT, description="Population stability index of a feature or of the predictions."
    )
    missing: Share = Field(
        default=0.1, description="Share of users without a value, less that of training users."
    )
    unseen: Share = Field(
        default=0.05, description="Share of users with a value that the model does not know."
    )
    error: Annotated[float, Field(gt=0)] = Field(
        default=0.1, description="Error of matured cohort means, as a share of the actual mean."
    )
    lag: Annotated[int, Field(ge=0)] = Field(
        default=90, description="Days from the last matured day of joining to the last one."
    )


class Finding(_Found):
    """One figure and what it was compared with."""

    check: Check
    feature: str | None = Field(description="Which one it is about; null where it is about none.")
    value: float
    limit: float = Field(description="The threshold.")
    chance: float = Field(description="What chance alone exceeds once in 1,000 times.")

    @property
    def crossed(self) -> bool:
        """Whether somebody has to look."""
        return self.value > self.limit and self.value > self.chance


class FeatureFound(_Found):
    """Users of late beside the training users, by one feature or by `prediction`."""

    feature: str
    psi: float = Field(description="Population stability index.")
    chance: float = Field(description="Of that, what chance alone exceeds once in 1,000 times.")
    missing: float = Field(description="Share of users without a value.")
    missing_expected: float = Field(description="The same of the training users.")
    unseen: float = Field(description="Share of users with a value that the model does not know.")
    is_category: bool = Field(
        default=False, description="Whether values are texts, which a model may not know."
    )


class Drifted(_Found):
    """How far users of late are from the training users of the model that answered most."""

    model: str
    first: date = Field(description="The first day of joining.")
    last: date = Field(description="The last one.")
    rows: int
    features: list[FeatureFound] = Field(description="By index, the highest first.")


class SegmentFound(_Found):
    """The matured users of one segment who joined in one month; means per user."""

    segment: str
    month: str
    users: int = Field(description="Whose outcome is known.")
    actual: float
    predicted: float
    floor: float = Field(description="About the error that chance leaves.")
    lower: float | None = Field(description="Of the interval for the mean.")
    upper: float | None

    @property
    def is_inside(self) -> bool | None:
        """Whether the actual mean lies in the interval; None where there is none."""
        if self.lower is None or self.upper is None:
            return None
        return self.lower <= self.actual <= self.upper


class Matured(_Found):
    """How far off the means of cohorts were whose outcomes are known."""

    model: str
    first: date = Field(description="The first day of joining.")
    last: date = Field(description="The last one: the last matured day.")
    users: int = Field(description="Whose outcome is known.")
    actual: float = Field(description="Mean of all of them.")
    error: float = Field(
        description="Mean absolute error of the cohort mean, by segment and month, weighted by "
        "users; in the currency of the outcomes."
    )
    floor: float = Field(description="About what of it chance leaves.")
    chance: float = Field(description="What chance alone exceeds once in 1,000 times.")
    inside: float | None = Field(description="Share of cohorts whose mean lies in its interval.")
    segments: list[SegmentFound] = Field(description="The largest cohorts, most users first.")


class Unknown(_Found):
    """A check that nothing can be said of, which is not the same as calm."""

    check: Unknowable
    why: str = Field(description="For people.")


class MonitorResult(_Found):
    """What `valuebox monitor` found; it writes this with `--report`, and stores it."""

    compartment: str = Field(
        default="ltv", description="Name of the compartment whose predictions were looked at."
    )
    made_at: AwareDatetime = Field(description="When, in UTC.")
    thresholds: Thresholds
    drift: Drifted | None = Field(
        description="Null where nothing is known of the training users of the model."
    )
    matured: Matured | None = Field(description="Null until there are outcomes to judge by.")
    label_lag_days: int = Field(
        description="From the last matured day of joining to the last one, in days."
    )
    findings: list[Finding] = Field(description="All that was compared with a threshold.")
    unknown: list[Unknown] = Field(
        default=[],
        description="What cannot be told: `psi` without anything to compare with or with so few "
        "rows that chance passes its threshold, `error` without outcomes.",
    )

    @property
    def crossed(self) -> list[Finding]:
        """What somebody has to look at."""
        return [one for one in self.findings if one.crossed]

    @property
    def is_drift_unknown(self) -> bool:
        """Whether users of late may be others than the training users, for all that is known."""
        return any(one.check == "psi" for one in self.unknown)
