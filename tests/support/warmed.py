"""A process that has imported what ours import, and becomes one of them by a fork.

`support.warm` runs this file, and asks it for processes. It knows the environment that it was
started in alone, and imports nothing that reads a setting: what it becomes reads its own.
"""

import ast
import gc
import importlib
import io
import json
import logging
import logging.config
import os
import random
import resource
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
from inspect import signature
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
WORKER: Final = "_bentoml_impl.worker.service"
SERVICE: Final = ROOT / "src" / "valuebox" / "service.py"
# What is imported before BentoML configures the log.
FIRST: Final = ("bentoml_cli.cli", WORKER)
# What is imported by functions, when they are called.
LATER: Final = (
    *("_bentoml_impl.server.serving", "_bentoml_impl.server.app", "circus.arbiter", "uvicorn"),
    *("opentelemetry.instrumentation.asgi", "opentelemetry.sdk.trace.export"),
    *(
        "uvicorn.loops.uvloop",
        "uvicorn.lifespan.on",
        "anyio._backends._asyncio",
        "starlette.staticfiles",
    ),
    *("alembic.command", "alembic.config", "alembic.runtime.environment", "psycopg2"),
    *("pandas", "valuebox_cli.main", "valuebox_cli.ltv.command", "valuebox_cli.ltv.lookup"),
    "valuebox_cli.ltv.scoring.run",
)
_LONGEST: Final = 1 << 20
_MOST: Final = 16
_LIMITS: Final = (resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE)


def main(control: socket.socket) -> None:
    """Fork until nobody can ask any more; return in each process that was forked, to become it."""
    _import()
    # What is there by now is never looked through, and its pages stay shared.
    gc.collect()
    gc.freeze()
    if len([*Path("/proc/self/task").iterdir()]) > 1:
        # Whoever forks has to be alone.
        raise SystemExit("imports have begun threads")
    control.send(b"ready")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while asked := _receive(control):
        wanted, files = asked
        reader, writer = os.pipe()
        # The process between ends at once: the new one becomes a child of whoever has asked.
        if (between := os.fork()) == 0:
            if (pid := os.fork()) == 0:
                os.close(reader)
                os.close(writer)
                control.close()
                _become(wanted, files)
                return
            os.write(writer, str(pid).encode())
            os._exit(0)
        os.waitpid(between, 0)
        for one in files:
            os.close(one)
        control.send(os.read(reader, 32))
        os.close(reader)
        os.close(writer)
    os._exit(0)


def _import() -> None:
    """All that the service imports, but not the service, which reads settings."""
    # XGBoost comes without what only learning needs, as in a service.
    sys.orig_argv[1:] = ["-m", "bentoml", "serve"]
    for name in FIRST:
        importlib.import_module(name)
    # It is run, and whoever runs a module that was imported is warned.
    del sys.modules[WORKER]
    known = set(logging.root.manager.loggerDict)
    importlib.import_module("valuebox.models.boosters").xgb  # noqa: B018
    for one in ast.walk(ast.parse(SERVICE.read_text())):
        if isinstance(one, ast.ImportFrom) and one.module is not None:
            importlib.import_module(one.module)
    for name in LATER:
        importlib.import_module(name)
    importlib.import_module("valuebox.compartments.register").compartments()
    _leave_loggers_alone(set(logging.root.manager.loggerDict) - known)


def _leave_loggers_alone(names: set[str]) -> None:
    """Have BentoML's configuration spare loggers that are otherwise made only after it."""
    configure = logging.config.dictConfig

    def spare(config: dict[str, Any]) -> None:
        configure(config)
        for name in names:
            logging.getLogger(name).disabled = False

    logging.config.dictConfig = spare


def _receive(control: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    message, files, _, _ = socket.recv_fds(control, _LONGEST, _MOST)
    return (json.loads(message), files) if message else None


def _become(wanted: dict[str, Any], files: list[int]) -> None:
    """Be as if the command had just been started."""
    if wanted["session"]:
        os.setsid()
    for one, number in zip(files, wanted["files"], strict=True):
        os.dup2(one, number)
    for one in set(files) - set(wanted["files"]):
        os.close(one)
    for one, limit in zip(_LIMITS, wanted["limits"], strict=True):
        resource.setrlimit(one, tuple(limit))
    os.chdir(wanted["folder"])
    os.environ.clear()
    os.environ.update(wanted["environment"])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    random.seed()
    # Where it is depends on the environment, and is looked up once.
    tempfile.tempdir = None
    sys.stdin = sys.__stdin__ = _anew(sys.stdin)
    sys.stdout = sys.__stdout__ = _anew(sys.stdout)
    sys.stderr = sys.__stderr__ = _anew(sys.stderr)
    # Read at its import: where the workers of a service count.
    importlib.reload(sys.modules["prometheus_client.values"])
    command = wanted["command"]
    # A script is started by its first line.
    sys.orig_argv[:] = command if command[0] == sys.executable else [sys.executable, *command]
    sys.argv[:] = sys.orig_argv[1:]


def _anew(stream: Any) -> io.TextIOWrapper:
    """A stream as Python makes it at its start, which looks at what it is then."""
    mode = stream.mode
    binary = open(stream.fileno(), f"{mode}b", closefd=False)  # noqa: SIM115
    binary.raw.name = stream.name  # type: ignore[attr-defined]
    made = io.TextIOWrapper(
        binary, stream.encoding, stream.errors, line_buffering=stream.line_buffering
    )
    made.mode = mode  # type: ignore[misc]
    return made


def run() -> None:
    """Run the command that this process has become."""
    if sys.argv[0] != "-m":
        sys.path[0] = str(Path(sys.argv[0]).parent)
        runpy.run_path(sys.argv[0], run_name="__main__")
        return
    module = sys.argv[1]
    del sys.argv[0]
    sys.path[0] = str(Path.cwd())
    if sys.argv[1:2] == ["serve"]:
        _warm_workers(int(os.environ.get("VALUEBOX_WORKERS", "1")))
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _warm_workers(count: int) -> None:
    """Fork this process, which has done nothing yet, to become the workers that it starts."""
    idle = []
    for _ in range(count):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        if (pid := os.fork()) == 0:
            ours.close()
            for _, other in idle:
                other.close()
            asked = _receive(theirs)
            if asked is None:
                os._exit(0)
            theirs.close()
            _become(*asked)
            del sys.argv[0]
            runpy.run_module(WORKER, run_name="__main__", alter_sys=True)
            sys.exit()
        theirs.close()
        idle.append((pid, ours))

    really = subprocess.Popen._execute_child
    parameters = signature(really)

    def start(process: subprocess.Popen[Any], *given: Any) -> None:
        of = parameters.bind(process, *given).arguments
        command = of["args"]
        if not idle or list(command[1:3]) != ["-m", WORKER]:
            return really(process, *given)
        process.pid, control = idle.pop(0)
        number = int(command[command.index("--fd") + 1])
        nothing = os.open(os.devnull, os.O_RDONLY)
        ask(control, command, of["cwd"], of["env"], {0: nothing, number: number}, session=True)
        os.close(nothing)
        control.close()
        process._child_created = True
        return None

    subprocess.Popen._execute_child = start


def ask(
    control: socket.socket,
    command: list[str],
    folder: str | None,
    environment: dict[str, str],
    files: dict[int, int],
    session: bool,
) -> None:
    """Have a process become a command.

    Args:
        control: Where it is asked.
        command: What it would have been started by.
        folder: Where it runs; by default, where this process does.
        environment: All variables that it has.
        files: By the number that it has there, a file that is open here.
        session: Whether it begins a session of its own.
    """
    wanted = {
        "command": command,
        "folder": str(folder or Path.cwd()),
        "environment": environment,
        "files": list(files),
        "limits": [resource.getrlimit(one) for one in _LIMITS],
        "session": session,
    }
    socket.send_fds(control, [json.dumps(wanted).encode()], list(files.values()))


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
    run()
