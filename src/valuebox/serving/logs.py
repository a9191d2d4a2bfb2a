"""The log: one JSON object a line, with the request it belongs to and nothing that was sent."""

import errno
import json
import logging
import sys
import threading
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, NoReturn

from valuebox import bento
from valuebox.serving.exchange import current_exchange

# Whose handlers BentoML sets up, and the root's.
_LOGGERS: Final = ("", "bentoml", "circus", "uvicorn.error")

_log = logging.getLogger("valuebox")


class JsonLines(logging.Formatter):
    """Formats a record as a JSON object.

    Of an exception its type and where it was raised are written, never its text: a database's
    message quotes the row that it refused, and pydantic's the value.
    """

    def format(self, record: logging.LogRecord) -> str:
        """A record as one line of JSON."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        exchange = current_exchange.get(None)
        if exchange is not None:
            line["request_id"] = str(exchange.request_id)
        line |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[1]:
            error = record.exc_info[1]
            line |= {"error": kind_of(error), "frames": _frames(error.__traceback__)}
        return json.dumps(line)


def configure(level: str = "info") -> None:
    """Have all that BentoML, uvicorn, Python and we log written as JSON lines.

    Args:
        level: Of the least important line that is written.
    """
    least = logging.getLevelNamesMapping()[level.upper()]
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        for handler in logger.handlers:
            handler.setFormatter(JsonLines())
            # What BentoML's add to a record is for its own format alone.
            handler.filters = [one for one in handler.filters if not bento.is_for_its_format(one)]
        # Others have no details that help whoever operates the service.
        logger.setLevel(max(least, logger.level))
    _log.setLevel(least)
    logging.captureWarnings(True)
    if not sys.stderr.isatty():
        # Whoever watches a terminal is better served by Python's own traceback.
        sys.excepthook = _log_uncaught
        threading.excepthook = _log_uncaught_in_thread


def refuse_start(reason: Exception) -> NoReturn:
    """End a process that cannot start, with a line for a person or, elsewhere, one of the log.

    Args:
        reason: An exception whose text holds nothing secret.

    Raises:
        SystemExit: always, with exit code 1.
    """
    message = f"valuebox cannot start: {reason}"
    if sys.stderr.isatty():
        raise SystemExit(message) from None
    _log.critical(message)
    raise SystemExit(1) from None


def _log_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    _log.critical("ended by an exception", exc_info=(kind, error, trace))


def _log_uncaught_in_thread(thrown: threading.ExceptHookArgs) -> None:
    if thrown.exc_value is not None and thrown.exc_type is not SystemExit:
        caught = (thrown.exc_type, thrown.exc_value, thrown.exc_traceback)
        _log.error("a thread was ended by an exception", exc_info=caught)


def kind_of(error: BaseException) -> str:
    """What is safe to log of an error: its type, and the code of the database or the system."""
    driver = getattr(error, "orig", None)
    code = (
        getattr(driver, "pgcode", None)
        or getattr(driver, "sqlite_errorname", None)
        or errno.errorcode.get(getattr(error, "errno", None) or 0)
    )
    return f"{type(error).__name__} {code}" if code else type(error).__name__


def _frames(trace: TracebackType | None) -> list[str]:
    frames = []
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(f"{code.co_filename}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return frames
