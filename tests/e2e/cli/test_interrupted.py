"""`valuebox evaluate` when the network or somebody interrupts it."""

import re
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pandas as pd
import pytest
from support import warm
from support.commands import only_line, valuebox
from support.proxy import cutting
from support.services import Service, eventually

BATCH = 25


@pytest.fixture(scope="module")
def file(data_dir: Path) -> Path:
    return data_dir / "valid.csv"


def rows(service: Service) -> tuple[int, int]:
    counts = service.count_rows()
    return counts["ltv_features"], counts["ltv_predictions"]


def test_answers_that_get_lost_are_asked_for_again_and_stored_once(
    service: Service, file: Path, tmp_path: Path
) -> None:
    users, before = len(pd.read_csv(file)), rows(service)
    port = urlsplit(service.url).port
    assert port is not None
    out = tmp_path / "predictions.csv"
    # The first answer arrives, or the command would take the service for absent.
    with cutting(port, lambda number: number % 4 == 3) as proxy:
        url = f"http://127.0.0.1:{proxy.port}"
        options = ["--batch-size", 60, "--predictions", out]
        valuebox("evaluate", file, "--url", url, *options)
    assert proxy.cut >= 2
    assert rows(service) == (before[0] + users, before[1] + users)
    written = pd.read_csv(out)
    assert written["prediction_id"].is_unique
    assert written["user_id"].tolist() == pd.read_csv(file)["user_id"].tolist()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.sqlite_alone
def test_a_run_goes_on_where_it_stopped(service: Service, file: Path, how: signal.Signals) -> None:
    users, before = len(pd.read_csv(file)), rows(service)
    run = f"nightly-{uuid4().hex}"
    options = ["--url", service.url, "--batch-size", str(BATCH), "--run", run]
    command = [str(Path(sys.executable).with_name("valuebox")), "evaluate", str(file), *options]
    stopped = warm.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    eventually(lambda: rows(service)[0] > before[0], seconds=60)
    stopped.send_signal(how)
    _, said = stopped.communicate(timeout=60)
    assert stopped.returncode != 0
    if how == signal.SIGINT:
        assert stopped.returncode == 130
        line = re.sub(r"\s+", " ", said.decode())
        assert re.search(rf"interrupted; [\d,]+ of {users} users are known to be stored", line)
        assert f"go on with --run {run}" in line
    assert before[0] < rows(service)[0] < before[0] + users
    valuebox("evaluate", file, *options)
    assert rows(service) == (before[0] + users, before[1] + users)
    valuebox("evaluate", file, *options)
    assert rows(service) == (before[0] + users, before[1] + users)


@pytest.mark.sqlite_alone
def test_another_file_under_the_name_of_a_run_is_refused(
    service: Service, file: Path, data_dir: Path
) -> None:
    options = ["--url", service.url, "--batch-size", 300, "--run", uuid4().hex]
    valuebox("evaluate", file, *options)
    before = rows(service)
    _, said = valuebox("evaluate", data_dir / "test.csv", *options, exit_code=1)
    assert "409 key_reused" in only_line(said)
    assert rows(service) == before


@pytest.mark.parametrize("name", ["", "with space", "é", "x" * 101])
@pytest.mark.sqlite_alone
def test_names_of_runs_are_plain(service: Service, file: Path, name: str) -> None:
    before = rows(service)
    _, said = valuebox("evaluate", file, "--url", service.url, "--run", name, exit_code=2)
    assert "--run takes" in only_line(said)
    assert rows(service) == before
