"""What a package with a compartment imports from valuebox; examples/churn is such a package.

Whatever `__all__` names is public, and is imported when it is first asked for: commands that import
this module wait for no model.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from valuebox.access.keys import Scope
    from valuebox.compartments.briefs import Brief, Standing, brief_of_ledger
    from valuebox.compartments.contract import (
        Compartment,
        Look,
        Lookup,
        ModelKind,
        Page,
        People,
        Personal,
        Whose,
    )
    from valuebox.compartments.customers.kept import Kept
    from valuebox.compartments.customers.migrating import create_tables, drop_tables
    from valuebox.compartments.customers.model import CustomerModel
    from valuebox.compartments.customers.steps import CustomerPredictions, CustomerSteps
    from valuebox.compartments.customers.tables import CustomerOutcome, CustomerPrediction
    from valuebox.facts.asking import CustomerQuestion
    from valuebox.facts.features.of_facts import declared_numbers
    from valuebox.facts.reading import (
        Choice,
        CustomerColumns,
        EventColumns,
        FactColumns,
        read_facts,
    )
    from valuebox.facts.tables import Customer, Event
    from valuebox.facts.windows import Positions
    from valuebox.features.bins import Reference
    from valuebox.features.declared.declaration import Declaration
    from valuebox.models.plain import PlainModel
    from valuebox.pages.tables import Column, Table, column
    from valuebox.predictions.ledger import Ledger, Outcomes
    from valuebox.predictions.words import Words
    from valuebox.schemas.requests import RequestModel
    from valuebox.serving.endpoint import endpoint
    from valuebox.serving.errors import NoModel
    from valuebox.serving.pipeline import Pipeline, Steps
    from valuebox.statistics.arrays import Floats
    from valuebox.store.base import Base
    from valuebox.store.engine import Store, make_engine
    from valuebox.worker.expiry import Expiry

__all__ = (
    "Base",
    "Brief",
    "Choice",
    "Column",
    "Compartment",
    "Customer",
    "CustomerColumns",
    "CustomerModel",
    "CustomerOutcome",
    "CustomerPrediction",
    "CustomerPredictions",
    "CustomerQuestion",
    "CustomerSteps",
    "Declaration",
    "Event",
    "EventColumns",
    "Expiry",
    "FactColumns",
    "Floats",
    "Kept",
    "Ledger",
    "Look",
    "Lookup",
    "ModelKind",
    "NoModel",
    "Outcomes",
    "Page",
    "People",
    "Personal",
    "Pipeline",
    "PlainModel",
    "Positions",
    "Reference",
    "RequestModel",
    "Scope",
    "Standing",
    "Steps",
    "Store",
    "Table",
    "Whose",
    "Words",
    "brief_of_ledger",
    "column",
    "create_tables",
    "declared_numbers",
    "drop_tables",
    "endpoint",
    "make_engine",
    "read_facts",
)

_PLACES: Final = {
    "access.keys": ("Scope",),
    "compartments.briefs": ("Brief", "Standing", "brief_of_ledger"),
    "compartments.contract": (
        "Compartment",
        "Look",
        "Lookup",
        "ModelKind",
        "Page",
        "People",
        "Personal",
        "Whose",
    ),
    "compartments.customers.kept": ("Kept",),
    "compartments.customers.migrating": ("create_tables", "drop_tables"),
    "compartments.customers.model": ("CustomerModel",),
    "compartments.customers.steps": ("CustomerPredictions", "CustomerSteps"),
    "compartments.customers.tables": ("CustomerOutcome", "CustomerPrediction"),
    "facts.asking": ("CustomerQuestion",),
    "facts.features.of_facts": ("declared_numbers",),
    "facts.reading": ("Choice", "CustomerColumns", "EventColumns", "FactColumns", "read_facts"),
    "facts.tables": ("Customer", "Event"),
    "facts.windows": ("Positions",),
    "features.bins": ("Reference",),
    "features.declared.declaration": ("Declaration",),
    "models.plain": ("PlainModel",),
    "pages.tables": ("Column", "Table", "column"),
    "predictions.ledger": ("Ledger", "Outcomes"),
    "predictions.words": ("Words",),
    "schemas.requests": ("RequestModel",),
    "serving.endpoint": ("endpoint",),
    "serving.errors": ("NoModel",),
    "serving.pipeline": ("Pipeline", "Steps"),
    "statistics.arrays": ("Floats",),
    "store.base": ("Base",),
    "store.engine": ("Store", "make_engine"),
    "worker.expiry": ("Expiry",),
}
"""The module of each public name; the imports above are the same, for type checkers."""
_PLACE_OF: Final = {name: place for place, names in _PLACES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _PLACE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"valuebox.{_PLACE_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
