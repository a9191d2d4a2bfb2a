"""Output that loses nothing, whatever it is written to."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.table import Table
from support import warm

from valuebox_cli.terminal.speaker import Speaker

VALUEBOX = str(Path(sys.executable).with_name("valuebox"))
SAY = r"""
from valuebox_cli.terminal.console import out
from valuebox_cli.terminal.speaker import speak_anywhere
speak_anywhere()
out.print("R\u00b2 \u2212\u2026 caf\u00e9 \u041c\u0430 \udce9")
"""


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-8", "R\u00b2 \u2212\u2026 caf\u00e9 \u041c\u0430 ?"),
        ("cp1252", "R\u00b2 -\u2026 caf\u00e9 ?? ?"),
        # Where a minus becomes a wide hyphen.
        ("cp932", "R2 \uff0d\u2026 cafe \u041c\u0430 ?"),
        ("ascii", "R2 -. cafe ?? ?"),
    ],
)
def test_what_a_terminal_cannot_show_is_replaced(encoding: str, said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SAY],
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=True,
    )
    assert done.stdout.decode(encoding).strip() == said


@pytest.mark.parametrize("width", [20, 80, 200])
def test_figures_are_never_cut_and_names_fold(width: int) -> None:
    table = Table(title="Some figures")
    table.add_column("segment")
    figures = [f"{number}23,456.789" for number in range(9)]
    for _ in figures:
        table.add_column("error", justify="right", no_wrap=True)
    name = "a-country-of-which-the-name-has-no-blanks-and-no-end"
    table.add_row(name, *figures)
    console = Speaker(file=io.StringIO(), width=width)
    console.print(table)
    written = console.file.getvalue()
    assert all(figure in written for figure in figures)
    letters = "".join(
        line[1:].split("│")[0].strip() for line in written.splitlines() if line.startswith("│")
    )
    assert letters == name
    assert console.width == width


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_full_disk_is_one_line(stream: str) -> None:
    if not Path("/dev/full").exists():
        pytest.fail("this needs a device that is always full, as Linux has it")
    with Path("/dev/full").open("w") as full:
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, stream: full}
        done = warm.run([VALUEBOX, "simulate", "x", "--world", "list"], **streams)
    if stream == "stdout":
        assert done.returncode == 1
        assert done.stderr == "error: No space left on device\n"
    else:
        assert done.returncode == 0
        assert "site:" in done.stdout
