"""Names that a compartment claims, all of which have to be its own.

The service is one object: endpoints of every compartment are its methods, and what they need are
its attributes. A name that two of them use would be replaced without a word; it is refused instead.
"""

import re
from collections.abc import Iterable, Mapping
from inspect import get_annotations
from keyword import iskeyword
from typing import Any, Final

from valuebox.compartments.contract import Artifact, Compartment
from valuebox.errors import ValueboxError
from valuebox.serving.endpoint import routes_of

MAX_NAME: Final = 16
"""Characters of a name at most: those of indexes are made of it, and PostgreSQL cuts them at 63."""
_NAME: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
OF_THE_SERVICE: Final = frozenset(
    (
        *("access", "aside", "await_signals", "close", "dispatch", "drain", "former_metrics"),
        *("list_models", "models", "monitored", "pipeline", "prepare", "readiness", "reads"),
        *("repeating", "store"),
    )
)
"""What the service itself has, whichever compartments there are."""
OF_THE_DASHBOARD: Final = frozenset(("alerts", "docs", "search"))
"""Pages over all compartments, at `/dashboard/NAME`, where pages of single ones are as well."""


def refuse_name(name: str) -> None:
    """Refuse what no compartment can be called, whatever others are.

    Raises:
        ValueboxError: saying what a name looks like, or that the service has one of its own.
    """
    if not _NAME.fullmatch(name) or iskeyword(name) or len(name) > MAX_NAME:
        raise ValueboxError(
            f"no compartment can be called {name!r}: a name has at most {MAX_NAME} small letters, "
            "digits and single underscores, begins with a letter, and is no keyword of Python"
        )
    if name in OF_THE_SERVICE | OF_THE_DASHBOARD:
        raise ValueboxError(
            f"no compartment can be called {name!r}: the service has one of its own"
        )


def refuse_taken(name: str, other: Compartment) -> None:
    """Refuse a name that another compartment uses: for itself, in its paths, or for a method.

    Raises:
        ValueboxError: saying who uses it.
    """
    paths = {path.split("/")[2] for path in routes_of(other.endpoints)}
    if name in {other.name} | paths | _claims(other):
        raise ValueboxError(
            f"no compartment can be called {name!r}: {other.name!r}, which is there already, "
            "uses that name"
        )


def check(offered: Compartment, known: Iterable[Compartment]) -> None:
    """See that a compartment of another package claims nothing that is taken.

    Args:
        offered: The compartment.
        known: All that were registered before.

    Raises:
        ValueboxError: naming the compartment and the name.
    """
    name = offered.name
    refuse_name(name)
    if offered.ledger is not None and offered.ledger.name != name:
        raise ValueboxError(
            f"the ledger of the compartment {name!r} is called {offered.ledger.name!r}: what was "
            "predicted is found by one name, so that both have to be the same"
        )
    for path in routes_of(offered.endpoints):
        if not path.startswith(f"/v1/{name}/"):
            raise ValueboxError(
                f"the compartment {name!r} has an endpoint at {path}; its paths begin with "
                f"/v1/{name}/"
            )
    for taken in sorted(_attributes(offered) & OF_THE_SERVICE):
        raise ValueboxError(f"the compartment {name!r} replaces {taken!r} of the service")
    for other in known:
        refuse_taken(name, other)
        for taken in sorted(({other.name} | _claims(other)) & _claims(offered)):
            raise ValueboxError(
                f"the compartments {other.name!r} and {name!r} both have {taken!r}; methods and "
                f"attributes of the second one should begin with {name}_"
            )


def rehearse(
    kind: type[Any],
    has: Mapping[str, Any],
    compartments: Iterable[Compartment],
    models: Mapping[str, Artifact | None],
) -> None:
    """Refuse, before any worker starts, what `give` would refuse in each of them.

    Args:
        kind: The class of the service.
        has: What the service has by then, by name.
        compartments: In the order in which the service is given what they need.
        models: The model of each compartment that takes one, by the compartment's name.

    Raises:
        ValueboxError: see `give`.
    """
    service = object.__new__(kind)
    later = dict.fromkeys(name for name in OF_THE_SERVICE if not hasattr(kind, name))
    vars(service).update({**later, **has})
    for one in compartments:
        give(service, one, models.get(one.name))


def give(service: Any, compartment: Compartment, model: Artifact | None) -> None:
    """Give a service what the endpoints of a compartment need of it.

    Args:
        service: The service.
        compartment: The compartment.
        model: Its model, if the service has one.

    Raises:
        ValueboxError: when that would replace what the service has.
    """
    before = dict(vars(service))
    if compartment.open is not None:
        compartment.open(service, model)
    elif compartment.model is not None:
        setattr(service, compartment.name, model)
    for name, value in vars(service).items():
        is_taken = before[name] is not value if name in before else hasattr(type(service), name)
        if is_taken:
            raise ValueboxError(
                f"the compartment {compartment.name!r} replaces {name!r} of the service"
            )


def _attributes(compartment: Compartment) -> set[str]:
    """Methods and values of the endpoints' class."""
    every = {name for one in compartment.endpoints.__mro__ for name in vars(one)}
    return {name for name in every if not name.startswith("__")}


def _claims(compartment: Compartment) -> set[str]:
    """These, and the attributes that the class says it has, save for those of any service."""
    declared = {name for one in compartment.endpoints.__mro__ for name in get_annotations(one)}
    return (_attributes(compartment) | declared) - OF_THE_SERVICE
