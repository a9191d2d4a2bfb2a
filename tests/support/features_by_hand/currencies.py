"""Rule 14: amounts in several currencies are not added up."""

from collections.abc import Iterable
from typing import Any

from support.features_by_hand.events import Event
from support.features_by_hand.expressions import is_true, names_in, value_of


class MixedCurrencies(ValueError):
    """A field adds up amounts in several currencies, which the message names."""


def refuse_mixed(declaration: dict[str, Any], events: Iterable[Event]) -> None:
    """Raise `MixedCurrencies` where a sum or a mean of amounts meets several currencies."""
    told = list(events)
    for name, field in _fields(declaration):
        expression = field.get("sum", field.get("mean"))
        if expression is None or "amount" not in names_in(expression):
            continue
        found = {
            event.currency
            for event in told
            if event.currency is not None
            and is_true(field.get("when"), event)
            and value_of(expression, event) is not None
        }
        if len(found) > 1:
            raise MixedCurrencies(f"{name}: {', '.join(sorted(found))}")


def _fields(declaration: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [*declaration.get("field", {}).items(), *declaration.get("attribute", {}).items()]
