import json
import subprocess
import sys

import pytest


def lines(code: str, *arguments: str) -> list[dict[str, str]]:
    """What a process of the image writes, on both streams; all of it has to be JSON."""
    installed = f"import valuebox.worker.streams, sys; valuebox.worker.streams.install(); {code}"
    ended = subprocess.run(
        [sys.executable, "-c", installed, *arguments], capture_output=True, text=True
    )
    return [json.loads(line) for line in (ended.stdout + ended.stderr).splitlines()]


@pytest.mark.parametrize(
    ("code", "level", "message"),
    [
        ("print('one', 'two')", "info", "one two"),
        ("sys.stdout.write('without an end')", "info", "without an end"),
        ("print('{\\'time\\': 1}', file=sys.stderr)", "error", "{'time': 1}"),
        ("print('caf\\xe9 \\ud800')", "info", "caf\xe9 \ud800"),
        ("import click; click.echo('a usage', err=True)", "error", "a usage"),
        ("sys.exit('it cannot start')", "error", "it cannot start"),
    ],
)
def test_what_is_no_line_of_the_log_becomes_one(code: str, level: str, message: str) -> None:
    (line,) = lines(code, "serve")
    assert (line["level"], line["message"]) == (level, message)
    assert line["time"].endswith("+00:00")


def test_lines_of_the_log_stay_as_they_are() -> None:
    line = '{"time": "2026-01-01", "level": "info", "message": "it was ours"}'
    assert lines(f"print({line!r})", "serve") == [json.loads(line)]


def test_lines_of_several_threads_are_not_mixed() -> None:
    code = (
        "from threading import Thread as T; "
        "every = [T(target=lambda n=n: [print(str(n) * 9) for _ in range(50)]) for n in range(8)]; "
        "[one.start() for one in every]; [one.join() for one in every]"
    )
    written = [line["message"] for line in lines(code, "serve")]
    assert sorted("".join(written)) == sorted("".join(str(n) * 9 * 50 for n in range(8)))
    assert len(written) == 400


def test_a_traceback_is_one_line_with_all_of_it() -> None:
    (line,) = lines("1 / 0", "_bentoml_impl.worker.service")
    assert line["level"] == "critical"
    assert line["message"].startswith("Traceback (most recent call last):\n")
    assert line["message"].endswith("ZeroDivisionError: division by zero\n")


def test_other_processes_write_as_always() -> None:
    code = "import valuebox.worker.streams; valuebox.worker.streams.install(); print('plain')"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "plain\n"
