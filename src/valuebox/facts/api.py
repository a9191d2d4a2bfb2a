"""Endpoints that take facts: validate, store, say what was new."""

from valuebox.access.keys import Scope
from valuebox.facts import repository, schemas
from valuebox.facts.arriving import CustomerColumns, EventColumns
from valuebox.serving.endpoint import endpoint
from valuebox.serving.exchange import current
from valuebox.serving.replays import Replays
from valuebox.store.engine import Store


class FactsApi:
    """Endpoints of the facts; the service that they are part of has these attributes."""

    store: Store
    replays: Replays

    @endpoint("/v1/customers", Scope.INGEST, stores=True)
    def put_customers(self, customers: schemas.Customers, /) -> schemas.CustomersStored:
        """Store customers by source and id; what is sent anew is added to what was known.

        Takes 1 to 10,000 customers. All are stored or none. Attributes that are not sent stay;
        null removes one.
        """
        exchange = current()
        exchange.count_rows(len(customers.root))
        columns = CustomerColumns.of(customers.root)
        with exchange.timing("store"), self.store.writing() as session:
            if earlier := self.replays.claim(session, exchange):
                return schemas.CustomersStored.model_validate(earlier.answer)
            stored = repository.put_customers(session, columns)
            self.replays.remember(session, exchange, stored.model_dump())
            return stored

    @endpoint("/v1/events", Scope.INGEST, stores=True)
    def put_events(self, events: schemas.Events, /) -> schemas.EventsStored:
        """Store events once by source and id, in any order, however late or often they come.

        Takes 1 to 10,000 events, also of customers who are not known yet. All are stored or none.
        """
        exchange = current()
        exchange.count_rows(len(events.root))
        columns = EventColumns.of(events.root)
        with exchange.timing("store"), self.store.writing() as session:
            if earlier := self.replays.claim(session, exchange):
                return schemas.EventsStored.model_validate(earlier.answer)
            stored = repository.put_events(session, columns)
            self.replays.remember(session, exchange, stored.model_dump())
            return stored
