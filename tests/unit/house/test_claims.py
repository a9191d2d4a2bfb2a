"""What a compartment of another package may be called, and what it may bring."""

from dis import get_instructions
from types import SimpleNamespace
from typing import Any

import pytest

from valuebox import ValueboxError
from valuebox.access.keys import Scope
from valuebox.compartments import claims
from valuebox.compartments.contract import Compartment, ModelKind
from valuebox.compartments.questions import Questions
from valuebox.compartments.register import compartments
from valuebox.service import ValueBox
from valuebox.serving.endpoint import ROUTES, endpoint


class Nothing:
    """No endpoints."""


def called(name: str, endpoints: type[Any] = Nothing, **parts: Any) -> Compartment:
    return Compartment(name=name, question="Which wine goes with it?", endpoints=endpoints, **parts)


def refused(offered: Compartment) -> str:
    with pytest.raises(ValueboxError) as caught:
        claims.check(offered, compartments())
    return str(caught.value)


@pytest.mark.parametrize("name", ["wine", "wine_2", "w", "a_name_of_16_car"])
def test_a_name_of_its_own_is_taken(name: str) -> None:
    claims.check(called(name), compartments())


@pytest.mark.parametrize(
    "name",
    [
        *("", "Wine", "wine-list", "2wines", "_wine", "wine_", "wine__list", "wíne", "class"),
        *("x" * 17, "wine\n", "a b", "../wine"),
    ],
)
def test_a_name_that_paths_tables_or_python_cannot_have_is_refused(name: str) -> None:
    assert refused(called(name)).startswith(f"no compartment can be called {name!r}: a name has")


@pytest.mark.parametrize("name", ["models", "store", "access", "pipeline", "close"])
def test_names_of_the_service_are_refused(name: str) -> None:
    assert f"{name!r}: the service has one of its own" in refused(called(name))


@pytest.mark.parametrize(
    ("name", "whose"),
    [
        *(("ltv", "ltv"), ("growth", "growth"), ("facts", "facts"), ("customers", "facts")),
        *(("put_events", "facts"), ("tally", "ltv"), ("responses", "response")),
    ],
)
def test_names_paths_and_attributes_of_other_compartments_are_refused(
    name: str, whose: str
) -> None:
    expected = f"no compartment can be called {name!r}: {whose!r}, which is there already, uses"
    assert refused(called(name)).startswith(expected)


def test_methods_that_would_be_replaced_are_refused() -> None:
    class Api:
        def put_events(self) -> None: ...

    class Declaring:
        store: Any
        tally: Any

    class Closing:
        def close(self) -> None: ...

    expected = "the compartments 'facts' and 'wine' both have 'put_events'; methods and attributes"
    assert refused(called("wine", Api)).startswith(expected)
    assert "'ltv' and 'wine' both have 'tally'" in refused(called("wine", Declaring))
    assert (
        refused(called("wine", Closing)) == "the compartment 'wine' replaces 'close' of the service"
    )


def test_a_path_has_one_endpoint() -> None:
    with pytest.raises(ValueboxError, match=r"^/v1/events would be answered by .*put_events and"):

        class Api:
            @endpoint("/v1/events", Scope.READ)
            def wine_find(self) -> Questions: ...

    assert ROUTES["/v1/events"].method.__name__ == "put_events"


def test_a_ledger_is_called_as_its_compartment_is() -> None:
    ledgers = {one.name: one.ledger for one in compartments() if one.ledger is not None}
    assert [ledger.name for ledger in ledgers.values()] == list(ledgers)
    expected = "the ledger of the compartment 'wine' is called 'ltv': what was predicted is found"
    assert refused(called("wine", ledger=ledgers["ltv"])).startswith(expected)


def test_endpoints_lie_below_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    for path in ("/v1/events/wine", "/v1/wines/find", "/v1/wine"):
        with monkeypatch.context() as within:
            # Taken away again when the test ends.
            within.setitem(ROUTES, path, None)
            del ROUTES[path]

            class Api:
                @endpoint(path, Scope.READ)
                def wine_find(self) -> Questions: ...

            expected = f"the compartment 'wine' has an endpoint at {path}; its paths begin with"
            assert refused(called("wine", Api)).startswith(expected)


def test_what_the_service_has_is_all_listed() -> None:
    of_compartments = {name for one in compartments() for name in claims._claims(one)}
    inner = ValueBox.inner
    methods = {name for one in inner.__mro__[:-1] for name in vars(one) if name[0] != "_"}
    assigned = {
        one.argval for one in get_instructions(inner.__init__) if one.opname == "STORE_ATTR"
    }
    assert (methods - of_compartments) | assigned == claims.OF_THE_SERVICE


def test_nothing_that_is_there_is_replaced_in_a_worker_or_before_it_starts() -> None:
    def careless(service: Any, _model: Any) -> None:
        service.store = "another"

    has, wine = {"store": "a store"}, called("wine", open=careless)
    expected = r"^the compartment 'wine' replaces 'store' of the serv"
    with pytest.raises(ValueboxError, match=expected):
        claims.give(SimpleNamespace(**has), wine, None)
    claims.rehearse(ValueBox.inner, has, compartments(), {})
    with pytest.raises(ValueboxError, match=expected):
        claims.rehearse(ValueBox.inner, has, [*compartments(), wine], {})


def test_a_service_has_the_model_under_the_name_of_the_compartment() -> None:
    service = SimpleNamespace()
    kind = ModelKind("models__wine", "valuebox wine train", lambda tag: model, "wine")
    model: Any = SimpleNamespace(tag="wine:1")
    claims.give(service, called("wine", model=kind), model)
    claims.give(service, called("cheese"), None)
    assert vars(service) == {"wine": model}
