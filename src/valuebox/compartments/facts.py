"""The facts, customers and events, as one of the compartments that the register lists."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sqlalchemy.orm import Session

from valuebox.compartments.briefs import Brief
from valuebox.compartments.contract import Compartment, People, Personal, Whose
from valuebox.facts.api import FactsApi
from valuebox.facts.arrivals import last_facts
from valuebox.facts.counting import expect_events
from valuebox.facts.expiry import prune_customers, prune_events
from valuebox.facts.privacy import forget_customers, records_of_customers
from valuebox.facts.raw.asking import RawReaders
from valuebox.facts.raw.listing import raw_mappings
from valuebox.facts.sources import sources_of_facts
from valuebox.facts.tables import Customer, Event
from valuebox.settings import load_settings
from valuebox.worker.expiry import Expiry


def _open(service: Any, _: None) -> None:
    expect_events()
    service.raw_readers = RawReaders(raw_mappings(load_settings().mappings))


def _records(session: Session, people: People) -> Iterator[dict[str, Any]]:
    return records_of_customers(session, people.source or "", people.ids)


def _forget(session: Session, people: People) -> Mapping[str, int]:
    return forget_customers(session, people.source or "", people.ids)._asdict()


def _brief(session: Session, _service: Any, _least: int) -> Brief:
    untold = "Facts are what the other questions read; there is nothing to be right about."
    return Brief("facts are sent, not asked for", fresh=last_facts(session), untold=untold)


COMPARTMENT: Final = Compartment(
    name="facts",
    question="What happened: which customers are there, and what did they do?",
    endpoints=FactsApi,
    open=_open,
    tables=(Customer, Event),
    brief=_brief,
    personal=(Personal(Whose.CUSTOMERS, _records, _forget, sources_of_facts),),
    expiry=(
        # Events first: a customer stays for as long as there are any.
        Expiry(prune_events, {"events": "events"}),
        Expiry(prune_customers, {"customers": "customers"}),
    ),
)
