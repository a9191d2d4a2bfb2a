import json
import time

import pytest
from support.containers import IMAGE, container, docker
from support.services import eventually
from support.users import user

MAX_BYTES = 650_000_000
# Not the one that the image names, and in no group that owns anything.
SOMEBODY = "54321:54321"
OPEN = ("-e", "VALUEBOX_ACCESS=open")
TOOLS = "cc gcc g++ make ld git curl pip pip3"


def run(command: str, fails: bool = False) -> str:
    # Without a network, which nothing of this needs.
    options = ("--rm", "--network", "none", "--entrypoint", "sh")
    return docker("run", *options, IMAGE, "-c", command, fails=fails).strip()


def test_it_is_small_and_runs_as_nobody_in_particular(built_model: str) -> None:
    (about,) = json.loads(docker("image", "inspect", IMAGE))
    assert about["Size"] < MAX_BYTES
    assert about["Config"]["User"] == "10001:10001"
    assert about["Config"]["Healthcheck"]["Test"][0] == "CMD"
    assert "BENTOML_DO_NOT_TRACK=True" in about["Config"]["Env"]


def test_it_holds_what_serves_and_nothing_that_builds(built_model: str) -> None:
    for tool in TOOLS.split():
        # The base may bring an installer; what the service runs in has none.
        run(f"ls /opt/valuebox/bin/{tool}", fails=True)
    for tool in ("cc", "gcc", "g++", "git"):
        run(f"command -v {tool}", fails=True)
    listing = "import importlib.metadata as m; print([d.name for d in m.distributions()])"
    installed = run(f"python3 -c '{listing}'")
    assert "xgboost-cpu" in installed
    for unwanted in ("nvidia-nccl", "'xgboost'", "scikit-learn", "typer", "pytest"):
        assert unwanted not in installed
    # Nothing of it can be changed by whoever runs it.
    assert run("find /opt/valuebox /bento -writable -not -type l") == ""


def test_anybody_can_run_it_on_a_file_system_that_takes_nothing(built_model: str) -> None:
    read_only = ("--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--volume", "/data")
    with container(*OPEN, *read_only, "--user", SOMEBODY) as service:
        service.await_health()
        seen = service.python("import os; print(os.getuid(), sorted(os.listdir('/data'))[0])")
        assert seen == "54321 valuebox.db"
        assert service.predict(user(1))["model"] == built_model
        docker("exec", service.name, "touch", "/bento/changed", fails=True)
        assert service.state()["HostConfig"]["ReadonlyRootfs"]


def test_by_default_it_asks_for_a_key_and_says_so(built_model: str) -> None:
    with container() as service:
        eventually(lambda: not service.state()["State"]["Running"], seconds=60)
        assert service.state()["State"]["ExitCode"] == 1
        (said,) = service.errors()
        assert said.startswith("valuebox cannot start: it would listen on 0.0.0.0")


def test_it_stops_when_it_is_told_to(built_model: str) -> None:
    with container(*OPEN) as service:
        service.await_health()
        began = time.monotonic()
        docker("stop", service.name)
        assert time.monotonic() - began < 10
        state = service.state()["State"]
        assert (state["Running"], state["ExitCode"], state["OOMKilled"]) == (False, 0, False)
        assert service.errors() == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        # Before anything of ours runs: the place for its files, and its own options.
        (("--read-only",), "Read-only file system"),
        (("--env", "BENTOML_PORT=nowhere"), "'nowhere' is not a valid integer"),
        # After that: an address that is not of this machine.
        (("--env", "BENTOML_HOST=192.0.2.1"), "ended by an exception"),
    ],
)
def test_why_it_ends_is_said_in_lines_of_the_log(
    built_model: str, options: tuple[str, ...], said: str
) -> None:
    with container(*OPEN, *options) as service:
        eventually(lambda: not service.state()["State"]["Running"], seconds=60)
        assert service.state()["State"]["ExitCode"] != 0
        assert said in service.errors()[-1]
