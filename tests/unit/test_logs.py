import json
import logging
import sys
from uuid import UUID

import pytest

from valuebox.exchange import Exchange, current_exchange
from valuebox.logs import JsonLines

SECRET = "hunter2"


def line(message: str = "it happened", **more: object) -> dict[str, object]:
    """What is written of a record; it has to fit into one line."""
    record = logging.getLogger("valuebox").makeRecord(
        "valuebox", logging.ERROR, __file__, 1, message, (), more.pop("exc_info", None), extra=more
    )
    written = JsonLines().format(record)
    assert "\n" not in written
    return json.loads(written)


def test_a_line_is_one_json_object_whatever_is_said() -> None:
    assert line('two\nlines and a "quote"')["message"] == 'two\nlines and a "quote"'
    assert line()["level"] == "error"
    assert str(line()["time"]).endswith("+00:00")


def test_it_names_the_request_that_it_belongs_to() -> None:
    assert "request_id" not in line()
    exchange = Exchange()
    token = current_exchange.set(exchange)
    try:
        assert UUID(str(line()["request_id"])) == exchange.request_id
    finally:
        current_exchange.reset(token)


def test_fields_are_written_beside_the_message() -> None:
    assert line(fields={"status": 200, "rows": 3})["rows"] == 3


def test_an_exception_is_told_without_its_text() -> None:
    try:
        raise ValueError(f"row with {SECRET}")
    except ValueError:
        written = line(exc_info=sys.exc_info())
    assert written["error"] == "ValueError"
    assert "test_an_exception_is_told_without_its_text" in str(written["frames"])
    assert SECRET not in json.dumps(written)


@pytest.mark.parametrize("path", ["\x00", "\ud800", "é", "\x1b[31m"])
def test_odd_characters_do_no_harm_to_a_terminal(path: str) -> None:
    written = JsonLines().format(
        logging.makeLogRecord({"msg": "answered", "fields": {"path": path}})
    )
    assert written.isascii()
    assert written.isprintable()
    assert json.loads(written)["path"] == path
