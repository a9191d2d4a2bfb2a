"""What to do about each check of `valuebox monitor` that found something."""

from collections.abc import Mapping
from typing import Final

from valuebox.features.bins import PREDICTION
from valuebox.predictions.monitoring.results import Check, Finding

_ADVICE: Final[Mapping[Check, str]] = {
    "psi": "See which values moved, and when. After a campaign or a price that somebody knows of, "
    "train again once outcomes are known; else see whether something is sent in another way.",
    "missing": "See what sends the feature, and mend it there; until then intervals are wider.",
    "unseen": "See which values are new. Train again as soon as some of them have outcomes; until "
    "then their intervals are wide.",
    "error": "See the worst cohorts, and whether means lie in their intervals. Train again, and "
    "compare both models with `valuebox models compare`.",
    "lag": "See the job that reports outcomes: nothing can be judged without them.",
    "evidence": "See which test it is, and its figure; the guide of the compartment says what the "
    "test looks for.",
}
_OF_PREDICTIONS: Final = "See which of the features moved as well, and begin with these."
_MEANINGS: Final[Mapping[Check, str]] = {
    "psi": "population stability index",
    "missing": "share without a value",
    "unseen": "share of unknown values",
    "error": "error of cohort means",
    "lag": "days without outcomes",
    "evidence": "evidence of a change",
}


def what_was_found(finding: Finding) -> str:
    """What the figure of a finding is: "population stability index"."""
    return _MEANINGS[finding.check]


def what_to_do(finding: Finding) -> str:
    """What somebody does about a finding, in a sentence or two."""
    if finding.check == "psi" and finding.feature == PREDICTION:
        return _OF_PREDICTIONS
    return _ADVICE[finding.check]
