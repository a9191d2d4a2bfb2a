"""The log: one JSON object a line, with the request it belongs to and nothing that was sent."""

import json
import logging
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final

from valuebox.exchange import current_exchange

# Whose handlers BentoML sets up, and the root's.
_LOGGERS: Final = ("", "bentoml", "circus", "uvicorn.error")


class JsonLines(logging.Formatter):
    """Formats a record as a JSON object.

    Of an exception its type and where it was raised are written, never its text: a database's
    message quotes the row that it refused, and pydantic's the value.
    """

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
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


def configure() -> None:
    """Have all that BentoML, uvicorn and we log written as JSON lines."""
    for name in _LOGGERS:
        for handler in logging.getLogger(name).handlers:
            handler.setFormatter(JsonLines())
    logging.getLogger("valuebox").setLevel(logging.INFO)


def kind_of(error: BaseException) -> str:
    """What is safe to log of an error: its type, and the database's own code for it."""
    driver = getattr(error, "orig", None)
    code = getattr(driver, "pgcode", None) or getattr(driver, "sqlite_errorname", None)
    return f"{type(error).__name__} {code}" if code else type(error).__name__


def _frames(trace: TracebackType | None) -> list[str]:
    frames = []
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(f"{code.co_filename}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return frames
