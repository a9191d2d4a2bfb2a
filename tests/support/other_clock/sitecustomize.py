"""Python imports this when it starts: its clock is then off by what a file says, at any time.

The file is named by `OTHER_CLOCK` and holds seconds. Of a process that is started with this
folder on `PYTHONPATH`; the tests have no right to set the machine's clock.
"""

import os
import time
from pathlib import Path

_file = Path(os.environ["OTHER_CLOCK"])
_time, _time_ns = time.time, time.time_ns


def _off() -> float:
    return float(_file.read_text() or 0)


time.time = lambda: _time() + _off()
time.time_ns = lambda: _time_ns() + int(_off() * 1e9)
