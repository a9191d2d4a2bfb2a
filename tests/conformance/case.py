"""How one compartment is put to the test that all of them have to pass."""

import importlib.util
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from support.services import ROOT, Service

from valuebox.compartments.contract import Compartment
from valuebox.compartments.register import compartments
from valuebox.serving.endpoint import ROUTES, routes_of
from valuebox.serving.errors import ErrorCode
from valuebox.store.engine import Store

OURS: Final = Path(__file__).with_name("cases")

notyet = partial(pytest.mark.xfail, strict=True)
"""Mark, with a `reason`, for what a compartment does not do yet: a test that passes after all
fails, so that the mark is taken away."""


def nothing_more(_store: Store, _tag: str, _has_drifted: bool) -> None:
    """Keep the facts that are there, and nothing else."""


@dataclass(frozen=True)
class Refused:
    """A request with a mistake, and the first problem that the answer has to name."""

    path: str
    body: Any
    row: int | None
    field: str | None
    code: ErrorCode = "invalid_input"


@dataclass(frozen=True)
class Case:
    """What the suite has to know of a compartment, beside what the compartment says of itself.

    Every database holds the customers and events of `support.shop` until the day `LEARNED`.
    """

    compartment: str
    asks: Mapping[str, Any]
    """A body, or a query of a document, that is answered, for each endpoint by its path."""
    refused: Refused
    person: tuple[str, ...] = ()
    """Somebody of whom `keep` has stored something, as `valuebox users export` takes them."""
    model: Callable[[pytest.FixtureRequest, Store], str] | None = None
    """Function that makes a model of what a database holds, and returns its tag."""
    keep: Callable[[Store, str, bool], None] = nothing_more
    """Function of a database, the tag of the model, and whether the world has changed since it was
    made: stores what requests of some time ago would have, and what came true since."""
    judged: tuple[str, ...] = ()
    """Tables, besides that of outcomes, which a service writes to when it judges predictions."""
    settings: tuple[str, ...] = ()
    """Tables of what somebody has set, which never expires."""
    guide: Path = ROOT / "docs" / "api.md"
    """The document that describes the endpoints."""
    missing: Mapping[str, pytest.MarkDecorator] = field(default_factory=dict)
    """Tests that the compartment does not pass yet, by name, each with `notyet(reason=…)`."""


@cache
def case_of(name: str, brought: Path | None) -> Case:
    """The case of a compartment: one of ours, or the one that a package has brought.

    Raises:
        LookupError: saying how a case is written, where there is none.
    """
    ours = OURS / f"{name}.py"
    for file in (ours if ours.exists() else None, brought):
        if file is not None and (case := _read(file)).compartment == name:
            return case
    raise LookupError(
        f"the compartment {name!r} has no case: describe it in {ours.relative_to(ROOT)}, as the "
        "files beside it do, or, of a package of your own, in a file that you give to --case; "
        "CONTRIBUTING.md tells more"
    )


def cases(brought: Path | None) -> list[Case]:
    """The cases of all compartments that have one; `case_of` says which have none."""
    found = []
    for one in compartments():
        with suppress(LookupError):
            found.append(case_of(one.name, brought))
    return found


def _read(file: Path) -> Case:
    """The object `CASE` of a Python file."""
    spec = importlib.util.spec_from_file_location(f"case_of_{file.stem}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    case: Case = module.CASE
    return case


def ask(
    service: Service, path: str, asked: Any, headers: Mapping[str, str] | None = None
) -> httpx.Response:
    """What an endpoint answers: to a body, or to a query where it is asked for a document."""
    if ROUTES[path].document is None:
        return service.http.post(path, json=asked, headers=headers)
    return service.http.get(path, params=asked, headers=headers)


def paths_of(compartment: Compartment, stores: bool = False) -> list[str]:
    """The addresses of a compartment's endpoints; with `stores`, of those alone that store."""
    routes = routes_of(compartment.endpoints)
    return [path for path, route in routes.items() if route.stores or not stores]
