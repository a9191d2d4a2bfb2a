import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.commands import only_line, valuebox
from support.packages import package

from valuebox import __version__
from valuebox_cli.terminal.commands import COMMANDS, load

OF_MODELS = ("pandas", "scipy.stats", "sklearn", "xgboost")
HEAVY = (*OF_MODELS, "bentoml", "numpy", "pyarrow", "scipy", "sqlalchemy")


@pytest.mark.parametrize("name", COMMANDS)
def test_what_is_said_of_a_command_is_what_it_says_itself(name: str) -> None:
    itself = " ".join((load(name).help or "").split("\n\n")[0].split())
    assert COMMANDS[name].help == itself


def imported(heavy: tuple[str, ...], *arguments: str) -> str:
    """Which of these modules a process has imported that ran the command."""
    code = (
        "import sys\nfrom valuebox_cli.main import app\n"
        f"try: app({arguments!r})\nexcept SystemExit: pass\n"
        f"print([name for name in {heavy} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout
    return done.stderr.strip()


@pytest.mark.parametrize("asked", ["--help", "--version"])
def test_help_and_version_wait_for_no_model_and_no_database(asked: str) -> None:
    assert imported(HEAVY, asked) == "[]"


def test_a_database_is_prepared_without_what_models_need(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/valuebox.db"
    assert imported(OF_MODELS, "db", "upgrade", "--database-url", url) == "[]"


def test_the_version_is_told() -> None:
    assert valuebox("--version")[0] == f"valuebox {__version__}\n"


def test_without_a_command_all_of_them_are_listed() -> None:
    out, err = valuebox(exit_code=2)
    assert [name for name in COMMANDS if name not in out + err] == []


def test_a_command_that_is_none_is_said_to_be_none() -> None:
    assert "No such command 'nothing'" in valuebox("nothing", exit_code=2)[1]


@pytest.mark.parametrize("asked", [("--help",), ("train", "--help")])
def test_a_package_whose_command_has_one_of_our_names_is_refused(
    asked: tuple[str, ...], tmp_path: Path
) -> None:
    points = {"valuebox.commands": "train = wine:app"}
    environment = package(tmp_path / "site", "wine", "app = None\n", points)
    command = [str(Path(sys.executable).with_name("valuebox")), *asked]
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (2, "")
    said = "error: the package wine has a command 'train', and so has valuebox itself: "
    assert only_line(done.stderr).startswith(said)
