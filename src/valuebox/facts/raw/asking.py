"""Raw events of a request, read by the mapping that it names."""

from collections.abc import Mapping

from valuebox.facts.arriving import ArrivingEvents
from valuebox.facts.content_ids import Ordinals
from valuebox.facts.raw.reading import RawReader
from valuebox.facts.raw.schemas import RawUpload
from valuebox.schemas.errors import Problem
from valuebox.serving.errors import MAX_PROBLEMS, BadRows


class RawReaders:
    """The mappings for raw events that a service knows.

    Args:
        readers: By name.
    """

    def __init__(self, readers: Mapping[str, RawReader]):
        self._readers = readers

    def events(self, upload: RawUpload) -> ArrivingEvents:
        """The events of a request, as they are stored.

        Args:
            upload: Its events are taken apart.

        Raises:
            BadRows: when it names no mapping, or one of its events cannot be stored.
        """
        reader = self._readers.get(upload.mapping)
        if reader is None:
            known = ", ".join(sorted(self._readers))
            message = f"Input should name a mapping of this service: {known}"
            raise BadRows([Problem(field="mapping", message=message)])
        read = reader.read(upload.events, reader.source(upload.source), Ordinals())
        if mistakes := read.mistakes:
            shown = [Problem(**one._asdict()) for one in mistakes[:MAX_PROBLEMS]]
            raise BadRows(shown, len(mistakes))
        return read.events
