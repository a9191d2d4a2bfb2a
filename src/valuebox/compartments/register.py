"""The list of all compartments: ours, and those of packages that are installed beside us.

A package registers with an entry point of the group `valuebox.compartments`, whose name is that
of the compartment and whose value leads to a `Compartment`.
"""

from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Final

from pydantic import BaseModel
from sqlalchemy.orm import Session

from valuebox.compartments.claims import check
from valuebox.compartments.contract import Compartment, Page, Personal, Whose
from valuebox.errors import ValueboxError
from valuebox.predictions.ledger import Ledger
from valuebox.predictions.monitoring.watched import Watched, watched_ledger
from valuebox.store.histories import History
from valuebox.store.unchecked_keys import UncheckedKey
from valuebox.store.writing import table_of
from valuebox.worker.expiry import Expiry

GROUP: Final = "valuebox.compartments"
_OURS: Final = (
    "ltv.compartment",
    "growth.compartment",
    "facts",
    "features.compartment",
    "response.compartment",
    "handle.compartment",
    "offers.compartment",
    "recommend.compartment",
)
"""Modules below this package, in the order in which people are told of what was deleted."""


@cache
def compartments() -> tuple[Compartment, ...]:
    """Every compartment, ours first; modules are imported when this is first called.

    Raises:
        ValueboxError: when a package offers something else, or claims what is taken; see `claims`.
    """
    found = [import_module(f"{__package__}.{name}").COMPARTMENT for name in _OURS]
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        offered = point.load()
        if not isinstance(offered, Compartment):
            raise ValueboxError(f"the entry point {point.name} of {GROUP} is no Compartment")
        check(offered, found)
        found.append(offered)
    return tuple(found)


def ledgers() -> dict[str, Ledger]:
    """The ledger of every compartment that has one, by the name of the compartment."""
    return {one.name: one.ledger for one in compartments() if one.ledger is not None}


def watched() -> tuple[Watched, ...]:
    """What `valuebox monitor` looks at: every ledger, and what compartments have instead of one."""
    every = (
        one.watched if one.ledger is None else watched_ledger(one.ledger) for one in compartments()
    )
    return tuple(one for one in every if one is not None)


def former_metrics() -> dict[str, str]:
    """What metrics of compartments began with in former versions, where they had other names."""
    return {one.name: one.former_metrics for one in compartments() if one.former_metrics}


@cache
def histories() -> tuple[History, ...]:
    """Migrations of compartments whose tables ours do not make.

    Raises:
        ValueboxError: when a compartment names a package that is not there.
    """
    return tuple(
        History.of_package(one.name, one.migrations)
        for one in compartments()
        if one.migrations is not None
    )


def own_pages() -> dict[str, Page]:
    """The page of every compartment that has one of its own, by the name of the compartment."""
    return {one.name: one.page for one in compartments() if one.page is not None}


def reads_newest(session: Session) -> bool:
    """Whether any compartment asks for the newest events of single customers."""
    every = (one.reads_newest for one in compartments())
    return any(reads is not None and reads(session) for reads in every)


def expiry() -> tuple[Expiry, ...]:
    """How old rows of every compartment are deleted, in this order."""
    return tuple(kind for one in compartments() for kind in one.expiry)


def by_month() -> tuple[str, ...]:
    """Tables of every compartment that PostgreSQL may keep in partitions by month."""
    return tuple(table_of(table).name for one in compartments() for table in one.by_month)


def unchecked_keys() -> tuple[UncheckedKey, ...]:
    """Rows of every compartment that need rows of other tables, without a key that says so."""
    return tuple(one for compartment in compartments() for one in compartment.unchecked_keys)


def personal(whose: Whose) -> tuple[Personal, ...]:
    """Everything that is stored of one kind of people."""
    every = (part for one in compartments() for part in one.personal)
    return tuple(part for part in every if part.whose is whose)


def published() -> dict[str, type[BaseModel]]:
    """What programs read of every compartment, by the name of the file with the JSON schema."""
    return {name: model for one in compartments() for name, model in one.published().items()}
