"""What a question names that nothing is called by."""

from collections.abc import Callable, Collection, Sequence

import numpy as np

from valuebox.compartments.growth.loaded.facts import Loaded
from valuebox.compartments.growth.loaded.frames import grouped
from valuebox.compartments.growth.schemas import GrowthQuestion
from valuebox.facts.labels import Labels
from valuebox.schemas.names import meant, shown
from valuebox.statistics.arrays import Floats


def unmatched(loaded: Loaded, question: GrowthQuestion) -> dict[str, list[str]]:
    """Names that no customer, event or group has, by the field of the question.

    A misspelt one else passes for something that nobody did, or that does not cost anything.
    """
    customers, events = loaded.facts.customers, loaded.facts.events
    beside = customers if loaded.both is None else loaded.both.facts.customers
    asked_beside = question.baseline.sources if question.baseline else None
    types = grouped(events.type).names
    groups = customers.groups(question.attribute).names
    told = [name for name, values in customers.attributes.items() if _has_any(values)]
    lacking = {
        "sources": _lacking(question.sources or [], customers.source.names),
        "baseline.sources": _lacking(asked_beside or [], beside.source.names),
        "attribute": _lacking([question.attribute], told),
        "category": [] if _has_any(events.category) else [question.category],
        "purchase": _lacking([question.purchase], types, shown),
        "responses": _lacking(question.responses, types, shown),
        "refunds": _lacking(question.refunds or [], types, shown),
        "currency": [] if _is_known(events.amount) else _asked(question.currency),
        "cost_property": [] if _is_known(events.cost) else _asked(question.cost_property),
        "cancellation": _lacking(_asked(question.cancellation), types, shown),
        "subscription": _lacking(_asked(question.subscription), types, shown),
        "spend": _lacking(list(question.spend), groups, lambda one: meant(one, groups)),
    }
    return {field: names for field, names in lacking.items() if names}


def _lacking(
    asked: Sequence[str], known: Collection[str], named: Callable[[str], str] = str
) -> list[str]:
    return [name for name in asked if named(name) not in known]


def _asked(name: str | None) -> list[str]:
    return [] if name is None else [name]


def _has_any(values: Labels) -> bool:
    return bool((values.codes >= 0).any())


def _is_known(values: Floats | None) -> bool:
    return values is not None and not bool(np.isnan(values).all())
