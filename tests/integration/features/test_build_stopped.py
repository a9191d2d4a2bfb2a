"""`valuebox features build` that is stopped, or has no room, leaves a line and nothing else."""

import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support import warm

DECLARATION = (
    'name = "t"\n[anchor]\ntype = "x"\n[field.n]\ncount = true\n[window.week]\ndays = -7\n'
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A declaration, and events that take a second."""
    found = tmp_path_factory.mktemp("stopped")
    (found / "t.toml").write_text(DECLARATION)
    for name, count in (("events.csv", 50_000), ("few.csv", 5_000)):
        rows = (
            f"e{n},g,c{n % 997},x,2024-01-{1 + n % 28:02}T{n % 24:02}:00:00Z" for n in range(count)
        )
        (found / name).write_text("\n".join(["id,source,customer,type,time", *rows]) + "\n")
    return found


def begun(
    folder: Path, to: Path, buckets: int, events: str = "events.csv"
) -> subprocess.Popen[str]:
    command = [str(Path(sys.executable).with_name("valuebox"))]
    command += ["features", "build", str(folder / "t.toml"), "--out", str(to)]
    command += ["--events", str(folder / events), "--buckets", str(buckets)]
    return warm.Popen(command, stderr=subprocess.PIPE, text=True)


def only_line(process: subprocess.Popen[str]) -> str:
    _, said = process.communicate(timeout=120)
    (line,) = said.splitlines()
    return line


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_nothing_behind(how: signal.Signals, folder: Path, tmp_path: Path) -> None:
    process = begun(folder, tmp_path / "t.csv", 300)
    while not any(tmp_path.glob(".t.csv.*/whole")):
        assert process.poll() is None
        time.sleep(0.005)
    # Who is impatient presses twice.
    process.send_signal(how)
    process.send_signal(how)
    assert only_line(process) == "error: interrupted"
    assert process.returncode == 130
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("buckets", [1, 3])
@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_where_there_is_no_room_the_file_is_named(
    buckets: int, kind: str, folder: Path, tmp_path: Path
) -> None:
    to = tmp_path / f"t.{kind}"
    # With that little room it could not write down what it compiles.
    warm.begin()
    # Processes begin with the limits of whoever starts them.
    most, highest = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, highest))
    try:
        # Of what finds no room, fewer events will do.
        process = begun(folder, to, buckets, "few.csv")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, highest))
    said = only_line(process)
    assert said.startswith(f"error: {to}: cannot be written: ")
    assert "too large" in said
    assert process.returncode == 2
    assert list(tmp_path.iterdir()) == []


def under_way(folder: Path, to: Path, place: int) -> subprocess.Popen[str]:
    """A build that has made its folder, which is that many's by then."""
    build = begun(folder, to, 300)
    while len(list(to.parent.glob(f".{to.name}.*/whole"))) < place:
        assert build.poll() is None
        time.sleep(0.005)
    return build


@pytest.mark.slow("cli/valuebox_cli/features", "src/valuebox/features")
def test_what_a_killed_command_left_is_cleared_by_the_next(folder: Path, tmp_path: Path) -> None:
    to = tmp_path / "t.csv"
    # One after the other, so that neither is done before the other has begun.
    alive = under_way(folder, to, 1)
    alive.send_signal(signal.SIGSTOP)
    killed = under_way(folder, to, 2)
    killed.kill()
    killed.communicate()
    # Of somebody else, who calls a folder alike.
    other = tmp_path / ".t.csv.kept"
    other.mkdir()
    (other / "whole").touch()
    next_one = begun(folder, to, 2)
    next_one.communicate(timeout=120)
    assert next_one.returncode == 0
    left = {one.name for one in tmp_path.iterdir()} - {"t.csv", other.name}
    assert len(left) == 1
    alive.send_signal(signal.SIGCONT)
    alive.communicate(timeout=120)
    assert alive.returncode == 0
    assert {one.name for one in tmp_path.iterdir()} == {"t.csv", other.name}
