"""The model that decides in a worker: loaded when it was promoted, without a restart."""

import logging
from collections.abc import Callable
from threading import Lock
from typing import Final

from sqlalchemy import Connection, select

from valuebox.compartments.offers.model import OffersModel
from valuebox.compartments.offers.tables import OfferPromotion
from valuebox.models.registry import ArtifactMissing, ArtifactRefused
from valuebox.store.writing import table_of

_PROMOTED: Final = table_of(OfferPromotion).c
_NEWEST: Final = select(_PROMOTED.model).order_by(_PROMOTED.id.desc()).limit(1)

_log = logging.getLogger("valuebox")


class OffersDesk:
    """The model that decides.

    Args:
        at_start: The model that the service has started with; None for none.
        load: Function that loads a model by its tag.
    """

    def __init__(self, at_start: OffersModel | None, load: Callable[[str], OffersModel]):
        self._at_start, self._load = at_start, load
        self._model, self._refused = at_start, ""
        self._lock = Lock()

    @property
    def current(self) -> OffersModel | None:
        """The model that has decided last."""
        return self._model

    def model(self, connection: Connection) -> OffersModel | None:
        """The model that decides now: the one that was promoted last, or that of the start.

        Where a promoted model cannot be loaded, the one before goes on deciding, and the log says
        so.
        """
        tag = connection.scalar(_NEWEST)
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
