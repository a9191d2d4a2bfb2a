"""Work that takes long is done by a process of its own, and answers do not wait for it.

    python -m valuebox.worker.apart

What to do is the first line of its standard input, so that no password is seen in a list of
processes; it ends when that is closed, as it is where whoever has started it ends.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from threading import Event, Thread
from typing import Any, Final

from valuebox.errors import ValueboxError
from valuebox.store.clock import CLOCK
from valuebox.store.engine import Store, make_engine

_LOOK_SECONDS: Final = 0.2
_NICER: Final = 10
"""By how much answers come before such work where both want a processor."""


class NotDone(ValueboxError):
    """A process that was to do something has failed; it has said why on standard error."""


def run_apart(
    store: Store, work: Callable[..., object], arguments: Mapping[str, Any], stopping: Event
) -> None:
    """Call a function in a process of its own, and wait for it.

    Args:
        store: The function's first argument, which the process opens for itself.
        work: A function of a module, which a process can find by its name.
        arguments: The others, by name; JSON has to be able to hold them.
        stopping: Ends the process and the wait early.

    Raises:
        NotDone: where the process has failed.
    """
    asked = {
        "url": store.engine.url.render_as_string(hide_password=False),
        "module": work.__module__,
        "function": work.__name__,
        "arguments": arguments,
    }
    with subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", __name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env=_environment(os.environ),
        # Nothing is left to be written, which fails once more, where the process has ended already.
        bufsize=0,
    ) as process:
        try:
            if process.stdin is not None:
                process.stdin.write(json.dumps(asked).encode() + b"\n")
            while process.poll() is None:
                if stopping.wait(_LOOK_SECONDS):
                    return
        except BrokenPipeError:
            process.wait()
        finally:
            process.kill()
        if process.returncode:
            raise NotDone(f"{work.__name__} has failed: status {process.returncode}")


def _environment(own: Mapping[str, str]) -> dict[str, str]:
    # Metrics are those of workers, and a folder of theirs is no place for those of others.
    return {name: value for name, value in own.items() if name != "PROMETHEUS_MULTIPROC_DIR"}


def main() -> None:
    """Do what standard input asks for."""
    asked = json.loads(sys.stdin.readline())
    Thread(target=_end_with_input, daemon=True).start()
    if sys.platform != "win32":
        os.nice(_NICER)
    store = Store(make_engine(asked["url"]))
    with store.reading() as session:
        CLOCK.compare(session)
    work = getattr(import_module(asked["module"]), asked["function"])
    work(store, **asked["arguments"])


def _end_with_input() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    main()
