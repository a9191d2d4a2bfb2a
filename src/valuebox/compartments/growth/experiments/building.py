"""An experiment out of the database: read the facts, and judge it."""

from typing import NamedTuple

import numpy as np

from valuebox.compartments.growth.experiments.exposure import NoExperiment
from valuebox.compartments.growth.experiments.judging import judge
from valuebox.compartments.growth.experiments.schemas import ExperimentQuestion, ExperimentReport
from valuebox.compartments.growth.loaded.facts import load
from valuebox.compartments.growth.loaded.frames import Facts
from valuebox.compartments.growth.loaded.observed import end_of
from valuebox.compartments.growth.loaded.strays import SetAside
from valuebox.facts.labels import Labels
from valuebox.store.engine import Store


def experiment(
    store: Store, question: ExperimentQuestion, most: int | None = None
) -> ExperimentReport:
    """Answer a question.

    Args:
        store: Where the facts are.
        question: What is asked.
        most: Events that may be read; None for any number.

    Raises:
        NoExperiment: when there is nothing to compare.
        SeveralCurrencies: when amounts cannot be added, and no currency was named.
        TooManyEvents: when there are more than that.
    """
    facts, until, set_aside = ready(store, question, most)
    return judge(facts, question, until, set_aside)


class Ready(NamedTuple):
    """The facts of an experiment."""

    facts: Facts
    until: np.datetime64
    """When the facts end."""
    set_aside: list[SetAside]
    """Moments that cannot be right, and are not among the facts."""


def ready(store: Store, question: ExperimentQuestion, most: int | None) -> Ready:
    """Read the facts of an experiment.

    Raises:
        NoExperiment: when the question makes no sense, or names what does not exist.
    """
    _check_names(question)
    loaded = load(store, question.facts, most)
    facts = loaded.facts
    until = end_of(facts, question.end, question.zone)
    if until is None:
        raise NoExperiment("there are no events")
    _check_types(facts.events.type, question)
    return Ready(facts, until, loaded.set_aside)


def _check_names(question: ExperimentQuestion) -> None:
    if (question.attribute is None) == (question.exposure_property is None):
        raise NoExperiment(
            "name either an attribute of customers or a property of the exposure that holds the arm"
        )
    if question.exposure_property is not None and question.exposure is None:
        raise NoExperiment(
            "a property that holds the arm needs the type of the exposure, the event that has it"
        )
    if len({(one.type, one.measure) for one in question.metrics}) < len(question.metrics):
        raise NoExperiment("a metric is named twice")


def _check_types(types: Labels, question: ExperimentQuestion) -> None:
    """Refuse types that nothing is called by, which would pass for something nobody did."""
    asked = [one.type for one in question.metrics]
    asked += [] if question.exposure is None else [question.exposure]
    unknown = [name for name in asked if not types.are(name).any()]
    if unknown:
        known = ", ".join(types.names)
        raise NoExperiment(f"there are no events of the type {', '.join(unknown)}, but of {known}")
