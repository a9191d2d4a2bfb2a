"""What a question names that nothing is called by."""

from valuebox.growth.loading import Loaded
from valuebox.growth.schemas import GrowthQuestion


def unmatched(loaded: Loaded, question: GrowthQuestion) -> dict[str, list[str]]:
    """Names that no customer, event or group has, by the field of the question.

    A misspelt one else passes for something that nobody did, or that does not cost anything.
    """
    customers, events = loaded.facts.customers, loaded.facts.events
    beside = customers if loaded.both is None else loaded.both.facts.customers
    asked_beside = question.baseline.sources if question.baseline else None
    has_categories = [question.category] if len(events.category.names) else []
    named = {
        "sources": (question.sources or [], customers.source.names),
        "baseline.sources": (asked_beside or [], beside.source.names),
        "attribute": ([question.attribute], list(customers.attributes)),
        "category": ([question.category], has_categories),
        "purchase": ([question.purchase], events.type.names),
        "responses": (question.responses, events.type.names),
        "cancellation": (_asked(question.cancellation), events.type.names),
        "subscription": (_asked(question.subscription), events.type.names),
        "spend": (list(question.spend), customers.groups(question.attribute).names),
    }
    found = {
        field: [name for name in asked if name not in known]
        for field, (asked, known) in named.items()
    }
    return {field: names for field, names in found.items() if names}


def _asked(name: str | None) -> list[str]:
    return [] if name is None else [name]
