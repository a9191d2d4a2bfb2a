"""The models that a service was started with, and which questions it can answer by them."""

import logging
from collections.abc import Mapping

from sqlalchemy.orm import Session

from valuebox.access.keys import Scope
from valuebox.compartments.contract import Artifact, ModelKind
from valuebox.compartments.questions import Answerable, Questions
from valuebox.compartments.register import compartments
from valuebox.models.registry import NONE
from valuebox.serving.endpoint import endpoint
from valuebox.serving.errors import lacks_model
from valuebox.settings import Settings, variable

Models = Mapping[str, Artifact | None]
"""The model of each compartment that takes one, by the compartment's name."""

_log = logging.getLogger("valuebox")


class ModelsApi:
    """Endpoint of the models; the service that it is part of has these attributes."""

    models: Models

    @endpoint("/v1/models", Scope.PREDICT, Scope.READ)
    def list_models(self) -> Questions:
        """Which questions the service can answer, by which models, and what the others lack."""
        return Questions(questions=answerable(self.models))


def kinds() -> dict[str, ModelKind]:
    """The kind of model of each compartment that takes one, by the compartment's name."""
    return {one.name: one.model for one in compartments() if one.model is not None}


def served_models(settings: Settings) -> Models:
    """The models that a service answers with.

    Raises:
        ValueboxError: when a model is missing that must be there, or cannot be used.
    """
    return {name: kind.served(settings) for name, kind in kinds().items()}


def pinned(models: Models) -> dict[str, str]:
    """Environment variables by which another process answers with the same models."""
    tags = {name: model.tag if model else NONE for name, model in models.items()}
    return {variable(kinds()[name].setting): tag for name, tag in tags.items()}


def note(session: Session, models: Models) -> None:
    """Store what predictions of these models will be judged by."""
    for name, kind in kinds().items():
        if kind.note is not None and models[name] is not None:
            kind.note(session, models[name])


def answerable(models: Models) -> list[Answerable]:
    """Every question that takes a model."""
    found = []
    for one in compartments():
        if one.model is not None:
            model = models[one.name]
            tag = model.tag if model else None
            how = None if tag else lacks_model(one.name, one.model.command)
            found.append(Answerable(question=one.name, asks=one.question, model=tag, how=how))
    return found


def announce(models: Models) -> None:
    """Log, when a service starts, by which models it answers, and what it cannot."""
    for one in answerable(models):
        if one.model:
            _log.info("%s is answered by %s", one.question, one.model)
        else:
            _log.warning("%s is not answered: %s", one.question, one.how)
