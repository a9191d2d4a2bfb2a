"""What we use of BentoML, and of the uvicorn that it runs, that neither has promised to anybody.

Everything of that kind stands here, except how uvicorn reads a connection, which is in
`serving.bounded_protocol`. Each use has a test in `tests/unit/house/test_bento_contracts.py`, so
that a release of either that changes it fails there, by a message that names it.

Nothing of BentoML is imported before it is asked for: the image runs `worker.streams`, which needs
this module, at the start of every Python.
"""

import os
import signal
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bentoml import Model, Tag
    from uvicorn import Server

WORKER: Final = "_bentoml_impl.worker.service"
"""The module that BentoML runs in every worker process."""
SERVE: Final = "serve"
"""The command of BentoML that serves."""
_COMMAND: Final = "bentoml"
_HOST_OPTION: Final = "host"
_IN_CONTAINER: Final = "BENTOML_CONTAINERIZED"
_CLOSE: Final = (b"connection", b"close")


def is_server(command: "Sequence[str]") -> bool:
    """Whether a process is `bentoml serve` or a worker of it.

    Args:
        command: What started the process, as `sys.orig_argv` has it.
    """
    parts = [part.replace("\\", "/").rsplit("/", 1)[-1] for part in command[1:4]]
    return _COMMAND in parts or WORKER in parts


def listening_address() -> str | None:
    """The host that `bentoml serve` will listen on; None where something else serves.

    Known only to the first process: workers inherit a socket.
    """
    import click

    context = click.get_current_context(silent=True)
    if context is None or _HOST_OPTION not in context.params:
        return None
    # Without the option BentoML takes what the service or its configuration says.
    return str(context.params[_HOST_OPTION] or _configured_host())


def _configured_host() -> str:
    from bentoml._internal.configuration.containers import BentoMLContainer

    host: str = BentoMLContainer.http.host.get()
    return host


def stored_models() -> "Iterator[Model]":
    """Models of the store that can be read, in no order.

    BentoML lists all of them or, where somebody who put one there was killed on the way, none.
    """
    import bentoml
    from bentoml.exceptions import BentoMLException

    for folder in model_store().glob("*/*/"):
        with suppress(BentoMLException):
            yield bentoml.models.get(f"{folder.parent.name}:{folder.name}")


class SavedWhole:
    """The model store, for whoever puts a model into it that is there whole or not at all.

    BentoML copies file by file into the folder of the model. Somebody who is killed meanwhile
    leaves one behind that keeps it from telling which model is the newest.
    """

    @contextmanager
    def register(self, tag: "Tag") -> "Iterator[str]":
        """A folder for the files of a model, which the block writes; see BentoML's `Store`."""
        import shutil
        from tempfile import TemporaryDirectory

        store = model_store()
        place = store / tag.path()
        with TemporaryDirectory(prefix=".unfinished-", dir=store.parent) as aside:
            files = Path(aside) / "model"
            files.mkdir()
            yield str(files)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(files, place)
            newest = Path(aside) / "latest"
            newest.write_text(place.name)
            shutil.move(newest, store / tag.latest_path())


def unfinished(name: str) -> "list[Path]":
    """Folders of models of a name that were not saved whole: BentoML cannot read them."""
    return sorted(
        one
        for one in (model_store() / name).glob("*/")
        if not (one.name.startswith(".") or (one / "model.yaml").is_file())
    )


def model_store() -> Path:
    """The folder of the model store: that of the Bento which is served, or everybody's."""
    from bentoml._internal.configuration.containers import BentoMLContainer

    return Path(BentoMLContainer.model_store.get()._path)


def collects_spans() -> bool:
    """Whether BentoML is configured to send OpenTelemetry's spans anywhere."""
    from bentoml._internal.configuration.containers import BentoMLContainer

    return BentoMLContainer.tracing.exporter_type.get() is not None


def is_for_its_format(one: Any) -> bool:
    """Whether a filter of a logging handler only adds what BentoML's own format of lines shows."""
    return type(one).__name__ == "TraceRecordFilter"


def replace_dead_workers() -> None:
    """Have BentoML start a worker anew that has died, in a container as well.

    It would not where a variable, which its images and some platforms set, says that it runs in
    one; and a container with one of three workers left still calls itself healthy.
    """
    os.environ.pop(_IN_CONTAINER, None)


def start_no_timers() -> None:
    """Have BentoML answer without a timer and a task of its own for each request.

    The guard has a deadline for every one. BentoML's timer outlives the answer by a minute: a
    worker that answers a thousand requests a second would hold sixty thousand of them.
    """
    from bentoml._internal.server.http import traffic

    traffic.TimeoutMiddleware = _timeless  # type: ignore[misc, assignment]


def _timeless(app: Any, timeout: float) -> Any:
    return app


def make_no_client() -> None:
    """Have BentoML make a worker's client of its own endpoints without any endpoint.

    Nobody asks through this client, `to_async`. For it BentoML would make two schemas of every
    endpoint, an eighth of what a worker does until it is ready. It has to be said in a hook of the
    worker's start: the client is made after these.
    """
    from _bentoml_impl.client import proxy2  # type: ignore[import-untyped]

    proxy2.AsyncClient = partial(_without_endpoints, proxy2.AsyncClient)


def _without_endpoints(kind: "type[Any]", url: str, *, service: Any, **options: Any) -> Any:
    # Without any service it would ask the worker for its endpoints.
    known = SimpleNamespace(apis={}, name=service.name, config=service.config)
    return kind(url, service=known, **options)


def running_server() -> "Server | None":
    """The uvicorn server of this worker, which BentoML starts and hands to nobody.

    It is known once it has installed its signal handlers; None outside of a worker.
    """
    from uvicorn import Server

    server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    return server if isinstance(server, Server) else None


def ask_directly(server: "Server", kind: "type[Any]") -> bool:
    """Have a server that does not listen yet hand requests straight to a middleware of ours.

    Otherwise they pass layers of uvicorn and BentoML that do nothing for us: errors, spans that
    nobody collects, and headers of proxies, which are believed of all that comes from this machine.

    Args:
        server: Of this worker, whose application has started.
        kind: The middleware, to which all else is left.

    Returns:
        Whether the middleware was found.
    """
    app: Any = server.config.loaded_app
    while app is not None and not isinstance(app, kind):
        app = getattr(app, "middleware_stack", None) or getattr(app, "app", None)
    if app is not None:
        server.config.loaded_app = app
    return app is not None


def end_connections(server: "Server") -> None:
    """Have a server say with every further answer that the connection ends with it."""
    server.server_state.default_headers.append(_CLOSE)
