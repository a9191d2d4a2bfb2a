"""What the processes of the image write beside the log becomes lines of the log as well.

BentoML writes before it runs anything of ours, and Python whatever ends it by then. The image has
Python call `install` at its start; natively nobody does.
"""

import atexit
import io
import json
import sys
import threading
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Final

from valuebox.bento import SERVE, WORKER

# How a line begins that `logs.JsonLines` has made.
_OF_THE_LOG: Final = '{"time": '


class JsonStream(io.TextIOWrapper):
    """Writes every line that is not of the log as the message of a JSON object."""

    def __init__(self, stream: io.TextIOWrapper, level: str):
        """A stream in the place of another one.

        Args:
            stream: `sys.stdout` or `sys.stderr`.
            level: Of the lines that are not of the log.
        """
        super().__init__(stream.buffer, "utf-8", "backslashreplace", write_through=True)
        self._level = level
        self._logger = stream.name.strip("<>")
        # Of each thread: `print` writes a line and its end one after the other.
        self._begun = threading.local()
        self._lock = threading.Lock()

    def write(self, text: str) -> int:
        """Write what has come to the end of its line, and keep the rest until it has."""
        # Of bytes this raises a TypeError, by which others tell a text stream.
        *lines, rest = (getattr(self._begun, "text", "") + text).split("\n")
        self._begun.text = rest
        with self._lock:
            for line in lines:
                if line.startswith(_OF_THE_LOG):
                    super().write(f"{line}\n")
                elif line.strip():
                    super().write(f"{_told(line, self._level, self._logger)}\n")
        return len(text)


def install() -> None:
    """Have this process write JSON lines, if it serves, and nobody watches it in a terminal."""
    out, error = sys.stdout, sys.stderr
    if not {SERVE, WORKER}.intersection(sys.orig_argv) or error.isatty():
        return
    if isinstance(out, io.TextIOWrapper) and isinstance(error, io.TextIOWrapper):
        sys.stdout, sys.stderr = JsonStream(out, "info"), JsonStream(error, "error")
        for stream in (sys.stdout, sys.stderr):
            atexit.register(stream.write, "\n")
        sys.excepthook = _tell_uncaught


def _tell_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Write an uncaught error in one line with its text, in which nothing that was sent can be."""
    told = "".join(traceback.format_exception(kind, error, trace))
    sys.stderr.write(f"{_told(told, 'critical', 'python')}\n")


def _told(message: str, level: str, logger: str) -> str:
    time = datetime.now(UTC).isoformat(timespec="milliseconds")
    return json.dumps({"time": time, "level": level, "logger": logger, "message": message})
