"""Declared features of events, which are worked out when somebody asks."""

from conformance.case import Case, Refused
from support import shop

from valuebox.facts.features import declarations
from valuebox.facts.features.history import Looked
from valuebox.facts.features.keeping import kept
from valuebox.facts.features.stored import Asked
from valuebox.features.declared.reading import declaration_of
from valuebox.store.clock import CLOCK
from valuebox.store.engine import Store
from valuebox.store.ids import ids_from, new_id
from valuebox.store.writing import write

DECLARATION = """
name = "tried"
lookback = "90 days"
[anchor]
type = "bought"
[field.bought]
count = true
when = 'type == "bought"'
[window.last_month]
days = -30
"""


def _keep(store: Store, _tag: str, _has_drifted: bool) -> None:
    declared = declaration_of(DECLARATION, "tried")
    asked = [Asked(shop.SOURCE, customer, None, None) for customer in ("3", "5")]
    answers = [dict.fromkeys(declared.features)] * 2
    with store.writing() as session:
        declarations.add(session, declared, DECLARATION, answers=True)
        looked, ids = [Looked(0, None)] * 2, ids_from(new_id(), 2)
        write(session, [kept(declared, asked, answers, looked, CLOCK.moment(), ids)])


def _asks(customer: str) -> dict[str, object]:
    return {"declaration": "tried", "customers": [{"source": shop.SOURCE, "id": customer}]}


CASE = Case(
    compartment="features",
    asks={"/v1/features": _asks("4")},
    refused=Refused(
        "/v1/features",
        {"declaration": "tried", "customers": [{"source": shop.SOURCE, "id": ""}]},
        0,
        "customers.id",
    ),
    person=("3", "--source", shop.SOURCE),
    keep=_keep,
    settings=("feature_declarations",),
)
