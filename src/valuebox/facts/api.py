"""Endpoints that take facts: validate, store, say what was new."""

from valuebox.access.keys import Scope
from valuebox.facts import repository, schemas
from valuebox.facts.counting import counted
from valuebox.facts.raw.asking import RawReaders
from valuebox.facts.raw.schemas import RawEvents
from valuebox.serving.endpoint import endpoint
from valuebox.serving.exchange import current
from valuebox.serving.pipeline import Pipeline


class FactsApi:
    """Endpoints of the facts; the service that they are part of has this attribute."""

    pipeline: Pipeline
    raw_readers: RawReaders
    """Reader of raw events by the name of its mapping."""

    @endpoint("/v1/customers", Scope.INGEST, stores=True)
    def put_customers(self, customers: schemas.Customers, /) -> schemas.CustomersStored:
        """Store customers by source and id; what is sent anew is added to what was known.

        Takes 1 to 10,000 customers. All are stored or none. Attributes that are not sent stay;
        null removes one.
        """
        columns = customers.columns
        return self.pipeline.keep(
            customers,
            schemas.CustomersStored,
            lambda session: repository.put_customers(session, columns),
        )

    @endpoint("/v1/events", Scope.INGEST, stores=True)
    def put_events(self, events: schemas.Events, /) -> schemas.EventsStored:
        """Store events once by source and id, in any order, however late or often they come.

        Takes 1 to 10,000 events, also of customers who are not known yet. All are stored or none.
        """
        columns = events.columns
        current().counts += counted(columns.type)
        return self.pipeline.keep(
            events,
            schemas.EventsStored,
            lambda session: repository.put_events(session, columns),
        )

    @endpoint("/v1/events/raw", Scope.INGEST, stores=True)
    def put_raw_events(self, raw: RawEvents, /) -> schemas.EventsStored:
        """Store events as they come, by a mapping that says what their names mean.

        Takes 1 to 10,000 events. Without an id, an event gets one of what it says and of how many
        said the same before it in the request, so that sending a request again stores nothing
        twice. All are stored or none.
        """
        columns = self.raw_readers.events(raw.columns)
        current().counts += counted(columns.type)
        return self.pipeline.keep(
            raw,
            schemas.EventsStored,
            lambda session: repository.put_events(session, columns),
        )
