"""Commands that are stopped clean up behind them, whichever signal stops them."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stopped_cleanly() -> Iterator[None]:
    """Have SIGTERM do what Ctrl-C does, and let nothing interrupt the cleaning up.

    The first signal raises KeyboardInterrupt; those after it are passed over, since people press
    Ctrl-C several times.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: Any) -> None:
        for one in _SIGNALS:
            signal.signal(one, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = [signal.signal(one, stop) for one in _SIGNALS]
    try:
        yield
    finally:
        for one, handler in zip(_SIGNALS, before, strict=True):
            signal.signal(one, handler)
