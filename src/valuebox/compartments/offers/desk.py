"""The model that decides in a worker: loaded when it was promoted, without a restart."""

import logging
from collections.abc import Callable
from threading import Lock

from valuebox.compartments.offers.model import KIND, OffersModel
from valuebox.models.registry import ArtifactMissing, ArtifactRefused
from valuebox.predictions.tally import Tally

_log = logging.getLogger("valuebox")


class OffersDesk:
    """The model that decides.

    Args:
        at_start: The model that the service has started with; None for none.
        load: Function that loads a model by its tag.
    """

    def __init__(self, at_start: OffersModel | None, load: Callable[[str], OffersModel]):
        self._load = load
        self._model, self._refused = at_start, ""
        self._lock = Lock()
        self._tallies: dict[str, Tally] = {}
        if at_start is not None:
            self.tally(at_start)

    def model(self, tag: str | None) -> OffersModel | None:
        """The model that decides now.

        Where a promoted model cannot be loaded, the one before goes on deciding, and the log says
        so.

        Args:
            tag: Of the model that was promoted last; None where none was, and the model of the
                start decides.
        """
        model = self._model
        if tag is None or tag == self._refused or (model is not None and model.tag == tag):
            return model
        with self._lock:
            if tag != self._refused and (self._model is None or self._model.tag != tag):
                try:
                    self._model = self._load(tag)
                except (ArtifactMissing, ArtifactRefused) as error:
                    self._refused = tag
                    _log.error("a promoted model of offers cannot decide: %s", error)
        return self._model

    def tally(self, model: OffersModel) -> Tally:
        """What counts the predictions of a model, for Prometheus."""
        found = self._tallies.get(model.tag)
        if found is None:
            found = Tally(KIND, model.tag, model.created_at, model.encoder.types)
            self._tallies = {model.tag: found}
        return found
