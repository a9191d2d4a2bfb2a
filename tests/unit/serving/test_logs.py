import errno
import json
import logging
import subprocess
import sys
from uuid import UUID

import pytest

from valuebox.serving.exchange import Exchange, current_exchange
from valuebox.serving.logs import JsonLines, kind_of

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


def test_an_exception_of_the_system_is_told_with_its_code() -> None:
    assert kind_of(OSError(errno.EADDRINUSE, SECRET)) == "OSError EADDRINUSE"
    assert kind_of(OSError(SECRET)) == "OSError"


def test_no_process_and_no_thread_ends_with_a_plain_traceback() -> None:
    code = (
        "import logging, threading; from valuebox.serving import logs; logging.basicConfig(); "
        "logs.configure(); t = threading.Thread(target=lambda: 1 / 0); t.start(); t.join(); "
        f"import warnings; warnings.warn('odd'); raise ValueError('{SECRET}')"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    written = [json.loads(line) for line in ended.stderr.splitlines()]
    assert ended.returncode == 1
    assert [one.get("error") for one in written] == ["ZeroDivisionError", None, "ValueError"]
    assert "odd" in written[1]["message"]
    assert SECRET not in ended.stderr


@pytest.mark.parametrize("path", ["\x00", "\ud800", "é", "\x1b[31m"])
def test_odd_characters_do_no_harm_to_a_terminal(path: str) -> None:
    written = JsonLines().format(
        logging.makeLogRecord({"msg": "answered", "fields": {"path": path}})
    )
    assert written.isascii()
    assert written.isprintable()
    assert json.loads(written)["path"] == path
