"""What an experiment on recommendations is asked, and what is answered."""

from datetime import date
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from valuebox.compartments.recommend.proof.assignment import HOLDBACK_SHARE, expected
from valuebox.compartments.recommend.proof.interleaving import INTERLEAVED
from valuebox.compartments.recommend.proof.kpis import BY_NAME, MARGIN
from valuebox.compartments.recommend.proof.months import MonthFigure
from valuebox.statistics.sample_ratio import RatioMismatch

State = Literal["better", "not worse", "worse", "worse beyond its margin", "open", "not told"]
By = Literal["daily look", "planned size"]
Kind = Literal[
    "no verdict", "better", "not worse", "worse", "open", "not proven", "clicked more",
    "clicked less",
]  # fmt: skip
Preferred = Literal["first", "second", "open", "too few"]

PRIMARY: Final = "views"
CONTROL: Final = "popular"
ARMS: Final = "arms"
_CLICKS: Final = "clicks"


class Experiment(BaseModel):
    """An experiment as it was laid down before its first session."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(description="Name of the experiment.", examples=["personal-1"])
    kind: Literal["arms", "interleaved"] = Field(
        default=ARMS,
        description="`arms`: each session sees lists of one arm; or `interleaved`: each list is "
        "made of two rankings, which take turns to pick.",
    )
    shares: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(
        description="Share of sessions of each arm, 1 in all.",
        examples=[{"popular": 0.5, "personal": 0.5}],
    )
    control: str = Field(default=CONTROL, description="The arm that the others are compared with.")
    primary: str = Field(
        default=PRIMARY, description="The figure that the experiment is meant to better."
    )
    margins: dict[str, Annotated[float, Field(gt=0, lt=1)]] = Field(
        default={},
        description="What each figure may lose at most, as a share of the control's; 0.05 for "
        "those not named.",
        examples=[{"conversion": 0.05}],
    )
    planned: int | None = Field(
        default=None,
        ge=1,
        description="Sessions of each arm at which the interval of a single look is judged, once; "
        "null where daily looks alone decide.",
    )
    holdback: float = Field(
        default=HOLDBACK_SHARE,
        ge=0,
        lt=1,
        description="Share of all sessions that no experiment touches.",
    )

    @model_validator(mode="after")
    def _known(self) -> "Experiment":
        if unknown := {self.primary, *self.margins} - set(BY_NAME):
            raise ValueError(f"{', '.join(sorted(unknown))}: figures are {', '.join(BY_NAME)}")
        if len(self.shares) < 2 or self.control not in self.shares:
            raise ValueError(f"an experiment has {self.control}, its control, and another arm")
        if self.is_interleaved:
            self._is_about_clicks()
        expected(self.shares, self.holdback)
        return self

    def _is_about_clicks(self) -> None:
        if [*self.shares.values()] != [0.5, 0.5]:
            raise ValueError("an interleaved experiment has two rankings, which pick half each")
        if self.primary != _CLICKS or self.margins or self.planned is not None:
            raise ValueError(
                "an interleaved experiment tells of clicks alone: it has no other figure, no "
                "margin and no planned size"
            )

    @property
    def is_interleaved(self) -> bool:
        """Whether each list is made of two rankings."""
        return self.kind == INTERLEAVED

    @property
    def dealt(self) -> dict[str, float]:
        """The share of sessions of each arm that sessions are dealt out to, 1 in all."""
        return {INTERLEAVED: 1.0} if self.is_interleaved else self.shares

    @property
    def rivals(self) -> list[str]:
        """The arms that are compared with the control."""
        return [arm for arm in self.shares if arm != self.control]

    def margin(self, kpi: str) -> float:
        """What a figure may lose, as a share of the control's."""
        return self.margins.get(kpi, MARGIN)


class Arm(BaseModel):
    """An arm: the sessions that were shown its lists."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(description="Name of the arm.")
    sessions: int = Field(description="Sessions that are judged.")
    meant: float | None = Field(
        description="How many of all sessions it was meant to get; null for an arm of which the "
        "experiment knows nothing."
    )
    robots: int = Field(description="Sessions of machines, which are left out.")
    lists: int = Field(description="Lists that were shown.")
    clicked: int = Field(description="Lists that were clicked.")
    inferred: int = Field(
        description="Lists among `clicked` that nobody tells of: a listed item was viewed within "
        "half an hour."
    )


class ArmFigure(BaseModel):
    """A figure of an arm."""

    model_config = ConfigDict(frozen=True)

    arm: str = Field(description="Name of the arm.")
    kpi: str = Field(description="Name of the figure.")
    value: float | None = Field(description="The figure; null where it is not told.")
    lower: float | None = Field(description="Lower end of its 90 % interval.")
    upper: float | None = Field(description="Upper end of it; null where none can be said.")


class Judged(BaseModel):
    """A figure of an arm beside the control's."""

    model_config = ConfigDict(frozen=True)

    arm: str = Field(description="Name of the arm.")
    kpi: str = Field(description="Name of the figure.")
    is_primary: bool = Field(description="Whether the experiment is meant to better this figure.")
    margin: float = Field(
        description="What it may lose at most, as a share of the control's, laid down before."
    )
    change: float | None = Field(
        description="The figure as a share of the control's, less 1; null where not known."
    )
    lower: float | None = Field(
        description="Lower end of the 90 % interval of `change`, for a single look."
    )
    upper: float | None = Field(description="Upper end of it; null where none can be said.")
    always_lower: float | None = Field(
        description="Lower end of the interval of `change` that holds at all daily looks together; "
        "null while too little is known."
    )
    always_upper: float | None = Field(description="Upper end of it.")
    needed: int | None = Field(
        description="Sessions of each arm that prove a figure that is the same not worse, in 8 of "
        "10 experiments; null where not known."
    )
    state: State = Field(description="What is proven.")
    since: date | None = Field(description="Day on which it was; null while nothing is.")
    by: By | None = Field(description="Which of the two intervals has proven it.")


class Verdict(BaseModel):
    """What an arm has shown."""

    model_config = ConfigDict(frozen=True)

    arm: str = Field(description="Name of the arm.")
    kind: Kind = Field(description="The result in a word or two.")
    headline: str = Field(description="The result in a sentence, for whoever decides.")
    details: list[str] = Field(description="What it rests on, for whoever checks it.")


class Look(BaseModel):
    """The primary figure at the end of a day, as the daily look has it."""

    model_config = ConfigDict(frozen=True)

    arm: str = Field(description="Name of the arm.")
    day: date = Field(description="Day, in UTC.")
    change: float | None = Field(description="Change by then, of all days so far.")
    lower: float | None = Field(description="Lower end of the interval of all looks together.")
    upper: float | None = Field(description="Upper end of it.")


class PreferenceLook(BaseModel):
    """Which ranking was clicked more by the end of a day."""

    model_config = ConfigDict(frozen=True)

    day: date = Field(description="Day, in UTC.")
    sessions: int = Field(description="Sessions with a credited click by then.")
    share: float = Field(description="Share of them that prefer the second ranking.")
    lower: float | None = Field(
        description="Lower end of the interval of the share that holds at all looks together; null "
        "while too little is known."
    )
    upper: float | None = Field(description="Upper end of it.")


class Preference(BaseModel):
    """Which of two rankings visitors click more, of lists that are made of both."""

    model_config = ConfigDict(frozen=True)

    first: str = Field(description="Name of the first ranking, the control.")
    second: str = Field(description="Name of the second ranking.")
    sessions: int = Field(description="Sessions with any click that is credited to a ranking.")
    for_first: int = Field(
        description="Sessions that clicked more different items that the first ranking picked."
    )
    for_second: int = Field(description="Sessions that clicked more of the second ranking's.")
    clicks: tuple[int, int] = Field(description="Clicks credited to the first and the second.")
    is_told: bool = Field(
        description="Whether these are the clicks that the shop tells; where it tells none they "
        "are inferred, which flatters the ranking of the items that are looked at anyway."
    )
    share: float | None = Field(
        description="Share of `sessions` that prefer the second ranking, where ties count half; "
        "null without sessions."
    )
    lower: float | None = Field(
        description="Lower end of the 90 % interval of `share`, by session, for a single look."
    )
    upper: float | None = Field(description="Upper end of it.")
    always_lower: float | None = Field(
        description="Lower end of the interval of `share` that holds at all daily looks together; "
        "null while too little is known."
    )
    always_upper: float | None = Field(description="Upper end of it.")
    state: Preferred = Field(description="Which ranking is proven to be clicked more.")
    since: date | None = Field(description="Day on which it was proven; null while nothing is.")
    began: RatioMismatch | None = Field(
        description="Whether each ranking had the first pick of as many sessions as the coin was "
        "meant to give it; null without sessions."
    )
    looks: list[PreferenceLook] = Field(description="The share day by day.")


class ProofReport(BaseModel):
    """What is known of an experiment on recommendations."""

    model_config = ConfigDict(frozen=True)

    experiment: Experiment = Field(description="The experiment as it was laid down.")
    first: date | None = Field(description="Day of the first session; null without any.")
    last: date | None = Field(description="Day of the last one.")
    arms: list[Arm] = Field(description="Arms, the control first and the holdback last.")
    mismatch: RatioMismatch | None = Field(
        description="Whether the arms are as large as meant; null without sessions."
    )
    several_arms: int = Field(
        description="Sessions with lists of several arms, which are left out."
    )
    cut: int = Field(description="Sessions of which something was cut at a cap.")
    caps: dict[str, float] = Field(description="What a session counts at most, by figure.")
    tells_purchases: bool = Field(description="Whether the shop tells purchases.")
    figures: list[ArmFigure] = Field(description="Every figure of every arm.")
    judged: list[Judged] = Field(description="Every figure of each arm beside the control's.")
    verdicts: list[Verdict] = Field(description="What each arm has shown.")
    looks: list[Look] = Field(description="The primary figure day by day.")
    months: list[MonthFigure] = Field(description="Every figure by month and arm.")
    preference: Preference | None = Field(
        default=None,
        description="Which ranking is clicked more; null for an experiment of arms.",
    )
