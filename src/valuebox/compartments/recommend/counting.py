"""Reports of shops with many lists are counted by a process of their own, and answers do not wait.

    python -m valuebox.compartments.recommend.counting

What to count is the first line of its standard input, so that no password is seen in a list of
processes; it ends when that is closed, as it is where whoever has started it ends.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from threading import Event, Thread
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from valuebox.compartments.recommend.reporting import make_report
from valuebox.compartments.recommend.tables import Exposure, Report
from valuebox.errors import ValueboxError
from valuebox.store.clock import CLOCK
from valuebox.store.engine import Store, make_engine

_LONG: Final = 1.0
"""Seconds from which on a report takes long."""
_MANY: Final = 5_000
"""Lists from which on the first report of a shop takes long."""
_LOOK_SECONDS: Final = 0.2
_NICER: Final = 10
"""By how much answers come before reports where both want a processor."""


class NotCounted(ValueboxError):
    """A process that was to make a report has failed; it has said why on standard error."""


def takes_long(session: Session, source: str, name: str) -> bool:
    """Whether making a report would delay answers, as it did last time, or by how much there is.

    Args:
        session: Of the database.
        source: The shop.
        name: Of the report, as `make_report` has it.
    """
    row = session.get(Report, (source, name))
    if row is not None:
        return row.seconds > _LONG
    some = select(Exposure.id).where(Exposure.source == source).limit(_MANY + 1).subquery()
    return (session.scalar(select(func.count()).select_from(some)) or 0) > _MANY


def make_apart(store: Store, source: str, name: str, stopping: Event) -> None:
    """Make a report in a process of its own, and wait for it.

    Args:
        store: Where lists and events are.
        source: The shop.
        name: Of the report, as `make_report` has it.
        stopping: Ends the process and the wait early.

    Raises:
        NotCounted: where the process has failed.
    """
    asked = {
        "url": store.engine.url.render_as_string(hide_password=False),
        "source": source,
        "name": name,
    }
    with subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", __name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env=_environment(os.environ),
        text=True,
    ) as process:
        try:
            if process.stdin is not None:
                process.stdin.write(json.dumps(asked) + "\n")
                process.stdin.flush()
            while process.poll() is None:
                if stopping.wait(_LOOK_SECONDS):
                    return
        except BrokenPipeError:
            process.wait()
        finally:
            process.kill()
        if process.returncode:
            raise NotCounted(f"what lists bring cannot be counted: status {process.returncode}")


def _environment(own: Mapping[str, str]) -> dict[str, str]:
    # Metrics are those of workers, and a folder of theirs is no place for those of others.
    return {name: value for name, value in own.items() if name != "PROMETHEUS_MULTIPROC_DIR"}


def main() -> None:
    """Make the report that standard input asks for."""
    asked = json.loads(sys.stdin.readline())
    Thread(target=_end_with_input, daemon=True).start()
    if sys.platform != "win32":
        os.nice(_NICER)
    store = Store(make_engine(asked["url"]))
    with store.reading() as session:
        CLOCK.compare(session)
    make_report(store, asked["source"], asked["name"])


def _end_with_input() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    main()
