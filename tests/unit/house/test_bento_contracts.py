"""What we use of BentoML and uvicorn that they have promised nobody: one test for each use.

After an upgrade of either, what fails here says what to mend, in `valuebox.bento` or in
`valuebox.serving.bounded_protocol`.
"""

import inspect
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree
from typing import Any

import bentoml
import click
import pytest
import uvicorn
from support.services import eventually
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from valuebox import bento
from valuebox.models import registry
from valuebox.serving import bounded_protocol
from valuebox.store.ids import new_id

HALF = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{"


def test_models_are_listed_beside_one_that_was_cut_off() -> None:
    tag = registry.save(f"cut-{new_id()}", "cut", 1, {}, {}, {})
    folder = Path(bentoml.models.get(tag).path).parent
    try:
        (folder / "cut").mkdir()
        found = [str(one.tag) for one in bento.stored_models() if one.tag.name == folder.name]
        assert found == [tag]
    finally:
        rmtree(folder)


def test_a_model_is_in_the_store_once_all_of_it_is() -> None:
    name = f"cut-{new_id()}"
    placing = bento.SavedWhole().register(bentoml.Tag(name, "first"))
    files = Path(placing.__enter__())
    (files / "model.yaml").write_text("whoever writes it is killed")
    try:
        with pytest.raises(registry.ArtifactMissing):
            registry.find(name)
        tag = registry.save(name, "cut", 1, {"one": b"file"}, {}, {})
        assert registry.find(name) == tag
        assert registry.is_whole(tag)
    finally:
        placing.__exit__(None, None, None)
        rmtree(bento.model_store() / name)


def test_a_model_that_was_cut_off_is_told_with_what_to_do() -> None:
    name = f"cut-{new_id()}"
    folder = bento.model_store() / name / "first"
    folder.mkdir(parents=True)
    try:
        with pytest.raises(registry.ArtifactRefused, match="not saved whole: delete that folder"):
            registry.find(name)
    finally:
        rmtree(folder.parent)


def told(code: str, **environment: str) -> str:
    """What a Python of its own prints."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


ASKED = """
import json, uvicorn
import valuebox.bento as b
from _bentoml_impl.server.app import ServiceAppFactory
from _bentoml_sdk.service.openapi import generate_spec
from valuebox.serving.guard import Guard
from valuebox.service import ValueBox

ValueBox.inject_config()
found = {
    "host": b._configured_host(),
    "middlewares": [one.cls.__name__ for one in ServiceAppFactory(ValueBox).middlewares],
    "document": generate_spec(ValueBox).asdict(),
}
app = ValueBox.to_asgi(is_main=True)
app.middleware_stack = app.build_middleware_stack()
config = uvicorn.Config(app)
config.load()
found["is_direct"] = b.ask_directly(uvicorn.Server(config), Guard)
found["first"] = type(config.loaded_app).__name__
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    """What BentoML makes of the service, in a Python that has imported nothing else."""
    answers: dict[str, Any] = json.loads(told(ASKED))
    return answers


async def answering(_scope: Any, _receive: Any, send: Any) -> None:
    """An application that answers without having read anything."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def server() -> Iterator[uvicorn.Server]:
    """A server of that application, which BentoML would run."""
    config = uvicorn.Config(answering, port=0, log_config=None, lifespan="off", http="httptools")
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run)
    thread.start()
    eventually(lambda: running.started)
    yield running
    running.should_exit = True
    thread.join(10)


def connect(server: uvicorn.Server, content: bytes) -> socket.socket:
    """A connection that was answered something."""
    address = server.servers[0].sockets[0].getsockname()
    connection = socket.create_connection(address, timeout=10)
    connection.sendall(content)
    return connection


@pytest.mark.parametrize(
    ("command", "is_server"),
    [
        (["python", "/venv/bin/bentoml", "serve", "."], True),
        (["python", "-m", "bentoml", "serve"], True),
        (["python", "-m", "_bentoml_impl.worker.service", "."], True),
        (["python", "/venv/bin/valuebox", "train"], False),
        (["python", "-m", "pytest"], False),
    ],
)
def test_what_counts_as_a_server(command: list[str], is_server: bool) -> None:
    assert bento.is_server(command) is is_server


def test_workers_run_the_module_that_we_know_them_by() -> None:
    from _bentoml_impl.server import serving

    assert serving._SERVICE_WORKER_SCRIPT == bento.WORKER, (
        "BentoML runs workers in another module: XGBoost would be imported whole there, and their "
        "log would not be JSON; change `bento.WORKER`"
    )


def test_the_command_that_serves_has_the_host_as_an_option() -> None:
    from bentoml_cli.cli import create_bentoml_cli

    serve = create_bentoml_cli().get_command(click.Context(click.Command("x")), bento.SERVE)
    assert serve is not None, "BentoML has no command `serve`; change `bento.SERVE`"
    assert bento._HOST_OPTION in {one.name for one in serve.params}, (
        "`bentoml serve` calls its host otherwise: a service on another address would not ask for "
        "keys; change `bento.listening_address`"
    )
    with click.Context(serve) as context:
        context.params["host"] = "192.0.2.7"
        assert bento.listening_address() == "192.0.2.7"


def test_without_the_option_the_configuration_says_where_it_listens(found: dict[str, Any]) -> None:
    assert found["host"] == "127.0.0.1", (
        "BentoML keeps the configured host elsewhere: a service might listen on all addresses and "
        "believe itself alone; change `bento._configured_host`"
    )


@pytest.mark.parametrize(
    ("options", "collects"), [("", "False"), ("tracing.exporter_type=otlp", "True")]
)
def test_whether_spans_are_collected_is_known(options: str, collects: str) -> None:
    code = "import valuebox.bento as b; print(b.collects_spans())"
    assert told(code, BENTOML_CONFIG_OPTIONS=options) == collects, (
        "BentoML keeps the exporter of spans elsewhere; change `bento.collects_spans`"
    )


def test_dead_workers_are_replaced_in_a_container_as_well() -> None:
    code = (
        "import valuebox.bento as b; b.replace_dead_workers()\n"
        "import bentoml.serving as s; print(s.running_inside_container())"
    )
    assert told(code, BENTOML_CONTAINERIZED="true") == "False", (
        "BentoML decides otherwise whether to replace workers; change `bento.replace_dead_workers`"
    )
    from bentoml import serving

    assert "respawn=not running_inside_container()" in inspect.getsource(serving.create_watcher)


def test_the_server_of_a_worker_is_found_by_its_signal_handler() -> None:
    server = uvicorn.Server(uvicorn.Config(answering))
    before = signal.getsignal(signal.SIGTERM)
    assert bento.running_server() is None
    with server.capture_signals():
        assert bento.running_server() is server, (
            "uvicorn handles signals otherwise: a worker would have neither bounds of connections "
            "nor a drain; change `bento.running_server`"
        )
    assert signal.getsignal(signal.SIGTERM) is before


def test_requests_can_be_handed_straight_to_a_middleware(found: dict[str, Any]) -> None:
    assert (found["is_direct"], found["first"]) == (True, "Guard"), (
        "BentoML or uvicorn puts the guard elsewhere: each request passes all of their layers; "
        "change `bento.ask_directly`"
    )


def test_a_header_can_be_added_to_all_further_answers(server: uvicorn.Server) -> None:
    with connect(server, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n") as connection:
        assert b"connection: close" not in connection.recv(1000)
        bento.end_connections(server)
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"connection: close" in connection.recv(1000), (
            "uvicorn keeps default headers elsewhere; change `bento.end_connections`"
        )


@pytest.mark.parametrize(
    "name",
    [
        *("connection_made", "connection_lost", "data_received", "pause_writing", "resume_writing"),
        *("on_message_begin", "on_headers_complete", "on_body", "on_message_complete"),
        *("on_response_complete", "send_400_response", "timeout_keep_alive_handler"),
    ],
)
def test_the_protocol_has_the_methods_that_we_bound(name: str) -> None:
    assert callable(getattr(HttpToolsProtocol, name, None)), (
        f"uvicorn's protocol has no {name}: a bound of `BoundedProtocol` would never be applied"
    )


def test_a_connection_tells_what_bounds_ask_of_it(server: uvicorn.Server) -> None:
    with connect(server, HALF) as connection:
        connection.recv(1000)
        (protocol,) = server.server_state.connections
        assert isinstance(protocol, HttpToolsProtocol), "uvicorn reads with another class"
        for name in ("client", "transport", "loop", "url", "cycle"):
            assert getattr(protocol, name, None) is not None, f"uvicorn's protocol has no {name}"
        assert protocol.timeout_keep_alive == server.config.timeout_keep_alive
        assert hasattr(protocol, "timeout_keep_alive_task")
        assert isinstance(protocol.cycle, RequestResponseCycle)
        # The last of the answer is here before the server has noted that it was sent.
        cycle = protocol.cycle
        eventually(lambda: (cycle.response_complete, cycle.more_body) == (True, True))


def test_the_class_of_connections_can_be_chosen_before_there_are_any() -> None:
    config = uvicorn.Config(answering)
    config.load()
    for name in ("http_protocol_class", "ws_protocol_class", "timeout_keep_alive", "loaded_app"):
        assert hasattr(config, name), f"uvicorn's configuration has no {name}; see `bound`"
    assert "config.loaded_app" in inspect.getsource(HttpToolsProtocol.__init__), (
        "uvicorn asks another application; change `bento.ask_directly`"
    )
    assert "config.http_protocol_class" in inspect.getsource(uvicorn.Server.startup), (
        "uvicorn takes the class of its connections from elsewhere; change `bound`"
    )


@pytest.mark.parametrize("said", bounded_protocol._UVICORN_SAYS)
def test_uvicorn_says_what_is_kept_out_of_the_log(said: str) -> None:
    assert said in inspect.getsource(inspect.getmodule(HttpToolsProtocol)), (
        f"uvicorn no longer says {said!r}: strangers could fill the log by what it says instead"
    )


def test_bentoml_starts_no_timer_for_a_request(found: dict[str, Any]) -> None:
    names = found["middlewares"]
    assert "_timeless" in names, "BentoML bounds requests by something else; see `start_no_timers`"
    assert "TimeoutMiddleware" not in names


CLIENT = """
import asyncio, bentoml
import valuebox.bento as b
from _bentoml_impl.server.app import ServiceAppFactory
from _bentoml_sdk.io_models import IOMixin

@bentoml.service
class Small:
    @bentoml.api
    def same(self, number: int = 1) -> int:
        return number

    @bentoml.on_startup
    def begin(self) -> None:
        b.make_no_client()

made = []
IOMixin.model_json_schema = classmethod(lambda cls, *_, **__: made.append(cls) or {})
Small.inject_config()
factory = ServiceAppFactory(Small)
asyncio.run(factory.create_instance(None))
print(len(made), factory._service_instance.to_async.endpoints)
"""


def test_bentoml_makes_no_schemas_for_a_client_that_nobody_asks() -> None:
    assert told(CLIENT).endswith("0 {}"), "BentoML makes it otherwise; see `make_no_client`"


def test_a_filter_of_bentoml_passes_every_record_and_only_adds_to_it() -> None:
    from bentoml._internal.log import TraceRecordFilter

    before = {"name": "valuebox.access", "msg": "answered", "levelname": "INFO"}
    record = logging.makeLogRecord(before)
    assert TraceRecordFilter().filter(record)
    assert before.items() <= vars(record).items()
    assert bento.is_for_its_format(TraceRecordFilter())
    assert not bento.is_for_its_format(logging.Filter("of somebody else"))


def test_the_document_has_what_is_corrected_in_it(found: dict[str, Any]) -> None:
    paths = found["document"]["paths"]
    assert "responses" in paths["/readyz"]["get"], "BentoML describes no /readyz; see `truthful`"
    for operation in paths["/v1/ltv/predict"].values():
        assert {"description", "responses"} <= set(operation), "see `openapi._describe`"
