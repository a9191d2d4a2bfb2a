"""Processes of ours that begin with what they import, which is most of what their start takes.

Each is a process of its own, with its own environment, folder, files and signals, a child of the
test process. It is a fork of one that has imported what services and commands do, instead of a new
Python that imports it all again.
"""

import atexit
import ctypes
import os
import socket
import subprocess
import sys
from functools import cache
from inspect import signature
from pathlib import Path
from threading import Lock
from typing import Any, Final

from support import warmed

# Linux's PR_SET_CHILD_SUBREAPER: what loses its parent becomes a child of this process.
_ADOPT: Final = 36
# Variables that are read when they are needed; libraries read others when they are imported.
_READ_LATER: Final = (
    *("VALUEBOX_", "DATABASE_URL", "PYTEST_CURRENT_TEST", "TMPDIR"),
    *("BENTOML_HOME", "BENTOML_CONTAINERIZED", "BENTOML_DO_NOT_TRACK"),
)
_VALUEBOX: Final = str(Path(sys.executable).with_name("valuebox"))
# What was imported of XGBoost is what a service has of it.
_WITHOUT_LEARNING: Final = (
    *("db", "evaluate", "features", "keys", "predictions", "score", "simulate", "users"),
)
_parameters: Final = signature(subprocess.Popen._execute_child)  # type: ignore[attr-defined]


class Popen(subprocess.Popen[Any]):
    """As `subprocess.Popen`; `bentoml` and `valuebox` are forked where that makes no difference.

    It would outside of tests, as in benchmarks, where their output is a terminal, or where their
    environment differs from that of the tests in more than our own settings: then they are started
    as by anybody.
    """

    def _execute_child(self, *given: Any) -> None:
        of = _parameters.bind(self, *given).arguments
        files = {
            number: number if of[pipe] == -1 else of[pipe]
            for number, pipe in enumerate(("p2cread", "c2pwrite", "errwrite"))
        }
        if not _can_be_forked(of, files):
            super()._execute_child(*given)  # type: ignore[misc]
            return
        environment = of["env"] or dict(os.environ)
        self.pid = _warm_one().become(of, files, environment)
        self._child_created = True
        pipes = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")
        self._close_pipe_fds(*(of[name] for name in pipes))  # type: ignore[attr-defined]


def begin() -> None:
    """Start the process that is forked, which is otherwise left to whoever needs it first."""
    _warm_one()


def run(command: list[Any], timeout: float | None = None, **options: Any) -> Any:
    """As `subprocess.run`, with `Popen` of this module; what it writes is text that is returned."""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options}
    with Popen(command, **options) as process:
        try:
            written = process.communicate(timeout=timeout)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(command, process.returncode, *written)


def _can_be_forked(of: dict[str, Any], files: dict[int, int]) -> bool:
    command = [os.fspath(one) for one in of["args"]]
    if command[:3] == [sys.executable, "-m", "bentoml"]:
        # Elsewhere are other sources than these.
        is_known = str(of["cwd"]) == str(warmed.ROOT)
    else:
        is_known = command[0] == _VALUEBOX and command[1] in _WITHOUT_LEARNING
    return (
        sys.platform == "linux"
        and "PYTEST_CURRENT_TEST" in os.environ
        and is_known
        and not (of["preexec_fn"] or of["shell"] or of["pass_fds"] or of["process_group"] != -1)
        and not any(os.isatty(one) for one in files.values())
        and _read_at_import(of["env"] or dict(os.environ)) == _warm_one().environment
    )


def _read_at_import(environment: dict[str, str]) -> dict[str, str]:
    return {name: one for name, one in environment.items() if not name.startswith(_READ_LATER)}


class _Warm:
    """The process that has imported everything, and is forked."""

    def __init__(self) -> None:
        self.environment = _read_at_import(dict(os.environ))
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._process = subprocess.Popen(
            [sys.executable, warmed.__file__, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            # It has to be alone when it forks.
            env={**self.environment, "JE_ARROW_MALLOC_CONF": "background_thread:false"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        theirs.close()
        self._lock = Lock()
        self._libc = ctypes.CDLL(None)
        assert self._control.recv(16) == b"ready", "it has not become ready to be forked"
        atexit.register(self.end)

    def become(self, of: dict[str, Any], files: dict[int, int], environment: dict[str, str]) -> int:
        """The id of a new process that runs a command, a child of this one."""
        command = [os.fspath(one) for one in of["args"]]
        with self._lock:
            # It is forked by a process that ends, since a fork of a child would be a grandchild.
            self._libc.prctl(_ADOPT, 1, 0, 0, 0)
            session = of["start_new_session"]
            warmed.ask(self._control, command, of["cwd"], environment, files, session)
            pid = int(self._control.recv(32))
            self._libc.prctl(_ADOPT, 0, 0, 0, 0)
        return pid

    def end(self) -> None:
        """Have it end."""
        self._control.close()
        self._process.wait()


@cache
def _warm_one() -> _Warm:
    return _Warm()
