"""Facts: customers, and what they did."""

from conformance.case import Case, Refused
from support import shop
from support.facts import customer, event
from support.raw import raw_event

CASE = Case(
    compartment="facts",
    asks={
        "/v1/customers": [customer("asked")],
        "/v1/events": [event("asked")],
        "/v1/events/raw": {"mapping": "game", "events": [raw_event()]},
    },
    refused=Refused("/v1/events", [event(1), event(2, amount="much")], 1, "amount"),
    person=("3", "--source", shop.SOURCE),
)
