"""From stored events to the lists that a plan works out."""

import json
from collections.abc import Mapping

import msgspec

from valuebox.facts.features.stored import Asked, Stored, properties_of
from valuebox.features.declared.declaration import Declaration
from valuebox.features.declared.events import SECOND
from valuebox.features.declared.past import Asked as Moment
from valuebox.features.declared.past import Past
from valuebox.features.declared.scalars import Scalar, scalar
from valuebox.features.declared.single import Plan


def past_of(plan: Plan, stored: Stored) -> Past:
    """Stored events as lists."""
    return Past(list(stored.time), _columns(plan, stored), stored.whole)


def moment_of(declared: Declaration, plan: Plan, asked: Asked, at: int) -> Moment:
    """A moment that is asked about, in microseconds since 1970, and what is known of it."""
    return Moment(at, _question(declared, plan, asked, at))


def _columns(plan: Plan, stored: Stored) -> dict[str, list[Scalar]]:
    """What a plan reads of events, by name."""
    found: dict[str, list[Scalar]] = dict(properties_of(plan.properties, stored.properties))
    for name in plan.own:
        match name:
            case "time":
                found[name] = [one / SECOND for one in stored.time]
            case "received_at":
                found[name] = [one / SECOND for one in stored.received]
            case "id":
                found[name] = [one or None for one in stored.id]
            case "amount" if plan.currency is not None:
                pairs = zip(stored.amount, stored.currency, strict=True)
                found[name] = [one if plan.currency == which else None for one, which in pairs]
            case _:
                found[name] = getattr(stored, name)
    return found


def _question(declared: Declaration, plan: Plan, asked: Asked, at: int) -> Mapping[str, Scalar]:
    """What is known of a moment itself, by name."""
    is_customer, types = declared.of == "customer", declared.anchor.type
    found: dict[str, Scalar] = dict.fromkeys(plan.names)
    found["time"] = found["received_at"] = at / SECOND
    found["source"] = asked.source
    found["customer"] = asked.id if is_customer else None
    found["session"] = asked.session if is_customer else asked.id
    found["type"] = types[0] if len(types) == 1 else None
    if asked.properties and plan.properties:
        # As it would come out of the database.
        sent = msgspec.json.decode(json.dumps(asked.properties))
        found |= {name: scalar(sent.get(name)) for name in plan.properties}
    return found
