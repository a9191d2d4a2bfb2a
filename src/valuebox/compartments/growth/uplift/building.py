"""Uplift of an experiment, from the facts in the database."""

from valuebox.compartments.growth.experiments.building import ready
from valuebox.compartments.growth.uplift.judging import judge_uplift
from valuebox.compartments.growth.uplift.schemas import UpliftQuestion, UpliftReport
from valuebox.store.engine import Store


def uplift(store: Store, question: UpliftQuestion, most: int | None = None) -> UpliftReport:
    """Answer a question.

    Args:
        store: Where the facts are.
        question: What is asked.
        most: Events that may be read; None for any number.

    Raises:
        NoExperiment: when there is nothing to learn from.
        SeveralCurrencies: when amounts cannot be added, and no currency was named.
        TooManyEvents: when there are more than that.
    """
    facts, until, set_aside = ready(store, question, most)
    return judge_uplift(facts, question, until, set_aside)
