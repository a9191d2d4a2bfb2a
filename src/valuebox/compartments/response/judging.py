"""How well a model finds those who respond: beside a plain logistic regression, and a version."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from valuebox.compartments.response.level import expected_between
from valuebox.compartments.response.model import Predictor, ResponseModel
from valuebox.compartments.response.months import Came, Month
from valuebox.compartments.response.ranker import Way
from valuebox.errors import ValueboxError
from valuebox.facts.clock import aware
from valuebox.facts.reading import FactColumns
from valuebox.facts.windows import Positions, there
from valuebox.statistics.gain import GainCurve, GainDifference, gain_curve, gain_difference
from valuebox.statistics.holm import holm

SIGNIFICANT: Final = 0.05
BASELINE: Final = "logistic regression"

Chances = NDArray[np.float64]


class CannotJudge(ValueboxError):
    """The facts say nothing of how good a model is."""


class Beside(BaseModel):
    """Another way to rank the customers, and whether the model is better than it."""

    model_config = ConfigDict(frozen=True)

    curve: GainCurve = Field(description="Gain curve of the other way.")
    brier: float = Field(description="Mean squared error of the probabilities of the other way.")
    difference: GainDifference = Field(description="Gain of the model minus that of the other way.")
    p_adjusted: float = Field(
        description="Probability of such a difference by chance alone, adjusted for all of this "
        "report (Holm)."
    )
    is_real: bool = Field(description="Whether `p_adjusted` is at most 0.05.")


class Judged(BaseModel):
    """How well a response is predicted, in any category or in one."""

    model_config = ConfigDict(frozen=True)

    response: str = Field(description="Type of event that is the response.")
    category: str | None = Field(description="Category of the response; null for any category.")
    way: Way = Field(
        description="What the model serves: `baseline` and `logistic` are regressions, `trees` add "
        "to both, `both` is the mean of the latter two."
    )
    responders: int = Field(description="Number of customers who responded.")
    expected: float = Field(description="Number of responders that the model expected.")
    expected_lower: float = Field(
        description="Lower end of the 90 % interval of how many respond: the level moves from "
        "month to month, and so does chance."
    )
    expected_upper: float = Field(description="Upper end of the 90 % interval of how many respond.")
    model: GainCurve | None = Field(
        description="Gain curve of the model; null where nobody responded, or everybody."
    )
    brier: float = Field(description="Mean squared error of the model's probabilities.")
    baseline: Beside | None = Field(
        description="A logistic regression on recency and the counts of the last 30, 90 and 365 "
        "days, of the same months as the model."
    )
    older: Beside | None = Field(
        description="The other model, where the model was compared with one."
    )


class ResponseReport(BaseModel):
    """What a model said of the customers of a month, and what they did in it."""

    model_config = ConfigDict(frozen=True)

    model: str = Field(description="Exact tag of the model; empty where it has not been saved.")
    older: str | None = Field(description="Tag of the model that was compared with.")
    sources: list[str] = Field(
        description="Sources of the customers; other sources were not watched for as long."
    )
    start: AwareDatetime = Field(
        description="First moment of the judged period; the model knows what happened before."
    )
    end: AwareDatetime = Field(
        description="End of the judged period: customers who had not responded by then did not "
        "respond."
    )
    customers: int = Field(description="Number of customers who are judged.")
    responses: list[Judged] = Field(
        description="How well each response is predicted, in any category and in each."
    )
    months: list[Month] = Field(
        description="Responses expected and come, in this month and in those before it that the "
        "model had not learned from, the last one first."
    )


def judge(
    model: ResponseModel,
    facts: FactColumns,
    start: np.datetime64,
    older: Predictor | None = None,
    months: Sequence[Month] = (),
) -> ResponseReport:
    """Predict the customers of a month as they were at its start, and see who responded.

    Args:
        model: Judged is this one.
        facts: What happened before and within the month.
        start: Of the month, UTC.
        older: What it is compared with, of responses and categories that both know.
        months: Expected and come in months before, the last one first.

    Raises:
        CannotJudge: when of nobody who had joined by then it is known what they did in all of the
            month, or both look differently far ahead.
    """
    chosen = there(facts, start, model.days)
    if not len(chosen):
        raise CannotJudge(
            "of nobody who had joined before the month began it is known what they did in all of "
            "it: the events of their source begin later, or end sooner"
        )
    if older is not None and (older.days, older.category) != (model.days, model.category):
        raise CannotJudge("the two models look differently far ahead, or at other categories")
    history = model.encoder.history(facts, start)
    happened = model.encoder.happened(history, start, model.days, chosen)
    said, before = model.say(facts, start, chosen)
    theirs = older.predict(facts, start, chosen) if older else None
    found = []
    each = zip(model.cells, model.moves, model.ways, strict=True)
    for place, (cell, moves, way) in enumerate(each):
        lower, upper = expected_between(said[:, place], moves)
        did, score = happened[:, place], said[:, place]
        known = 0 < int(did.sum()) < len(did)
        other = older.cells.index(cell) if older and cell in older.cells else None
        found.append(
            Judged(
                response=cell.response,
                category=cell.category,
                way=way,
                responders=int(did.sum()),
                expected=float(score.sum()),
                expected_lower=lower,
                expected_upper=upper,
                brier=_brier(score, did),
                model=gain_curve("model", score, did) if known else None,
                baseline=_beside(BASELINE, score, before[:, place], did) if known else None,
                older=_beside("older", score, theirs[:, other], did)
                if known and theirs is not None and other is not None
                else None,
            )
        )
    return ResponseReport(
        model=model.tag,
        older=older.tag if older else None,
        sources=_sources(facts, chosen),
        start=aware(start),
        end=aware(start + np.timedelta64(model.days, "D")),
        customers=len(chosen),
        responses=_adjusted(found),
        months=[_as_month(found, start, model.days, len(chosen)), *months],
    )


def _as_month(found: list[Judged], start: np.datetime64, days: int, customers: int) -> Month:
    return Month(
        start=aware(start),
        end=aware(start + np.timedelta64(days, "D")),
        customers=customers,
        responses=[
            Came.model_validate(one, from_attributes=True) for one in found if one.category is None
        ],
    )


def check_unseen(model: Predictor, sources: Sequence[str], start: np.datetime64) -> None:
    """Refuse months that a model has learned from.

    Raises:
        CannotJudge: naming until when it has.
    """
    if not has_seen(model, sources, start):
        return
    until = _learned_until(model)
    raise CannotJudge(
        f"{model.tag} has learned from what these customers did until {until:%Y-%m-%d %H:%M}; "
        "judge it by a later month, by other sources, or train one that stops earlier"
    )


def has_seen(model: Predictor, sources: Sequence[str], start: np.datetime64) -> bool:
    """Whether a model has learned from months that begin then, or later."""
    shared = set(sources) & set(model.metadata["learned"]["sources"])
    return bool(shared and start < np.datetime64(_learned_until(model), "us"))


def _learned_until(model: Predictor) -> datetime:
    until: str = model.metadata["learned"]["until"]
    return datetime.fromisoformat(until).replace(tzinfo=None)


def _beside(name: str, score: Chances, other: Chances, did: NDArray[np.bool_]) -> Beside:
    return Beside(
        curve=gain_curve(name, other, did),
        brier=_brier(other, did),
        difference=gain_difference("model", score, name, other, did),
        p_adjusted=1.0,
        is_real=False,
    )


def _brier(chances: Chances, did: NDArray[np.bool_]) -> float:
    return float(np.square(chances - did).mean())


def _sources(facts: FactColumns, chosen: Positions) -> list[str]:
    source = facts.customers.source
    return [source.names[code] for code in np.unique(source.codes[chosen]).tolist()]


def _adjusted(found: list[Judged]) -> list[Judged]:
    pairs = [
        (place, kind, beside)
        for place, one in enumerate(found)
        for kind, beside in (("baseline", one.baseline), ("older", one.older))
        if beside is not None
    ]
    adjusted = holm([beside.difference.p_value for *_, beside in pairs])
    for (place, kind, beside), p in zip(pairs, adjusted, strict=True):
        told = beside.model_copy(update={"p_adjusted": p, "is_real": p <= SIGNIFICANT})
        found[place] = found[place].model_copy(update={kind: told})
    return found
