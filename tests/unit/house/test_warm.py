"""A command that the tests fork does what one does that somebody has started."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from support import warm, warmed
from support.services import eventually

VALUEBOX = str(Path(sys.executable).with_name("valuebox"))
LISTED = [VALUEBOX, "simulate", "x", "--world", "list"]


@pytest.mark.slow
def test_a_forked_server_says_and_answers_the_same() -> None:
    command = [sys.executable, "-m", "bentoml", "serve", "--port", "0"]
    environment = {**os.environ, "DATABASE_URL": "nonsense"}
    forked = warm.run(command, cwd=warmed.ROOT, env=environment)
    started = subprocess.run(
        command, cwd=warmed.ROOT, env=environment, capture_output=True, text=True
    )
    assert forked.returncode == started.returncode == 1
    time = re.compile(r'"time": "[^"]*"')
    assert time.sub("", forked.stdout) == time.sub("", started.stdout) != ""
    assert forked.stderr == started.stderr


def test_a_forked_command_is_a_process_of_its_own(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        process = warm.Popen(
            [VALUEBOX, "predictions", "--url", url], start_new_session=True, cwd=tmp_path
        )
        forked = psutil.Process(process.pid)
        assert forked.ppid() == os.getpid()
        eventually(lambda: forked.cwd() == str(tmp_path))
        assert os.getsid(process.pid) == process.pid
        connection, _ = silent.accept()
        process.send_signal(signal.SIGKILL)
        assert process.wait(10) == -signal.SIGKILL
        connection.close()


def test_what_libraries_read_at_their_import_is_left_to_a_start() -> None:
    narrow = {**os.environ, "COLUMNS": "20"}
    lines = [warm.run(LISTED, env=one).stdout.splitlines() for one in (None, narrow)]
    assert max(map(len, lines[1])) <= 20 < max(map(len, lines[0]))
