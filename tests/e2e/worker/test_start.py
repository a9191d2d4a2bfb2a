import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import warm
from support.databases import PASSWORD
from support.packages import package
from support.services import ROOT

from valuebox.store import migrate
from valuebox.store.engine import make_engine


def refused(
    tmp_path: Path, environment: dict[str, str], host: str = "127.0.0.1"
) -> tuple[int, str]:
    """Exit code and output of a service that should not start."""
    settings = {"DATABASE_URL": f"sqlite:///{tmp_path}/valuebox.db", "VALUEBOX_DATABASE_WAIT": "0"}
    ended = warm.run(
        [sys.executable, "-m", "bentoml", "serve", ".", "--host", host, "--port", "0"],
        cwd=ROOT,
        env={**os.environ, **settings, **environment},
        stderr=subprocess.STDOUT,
        timeout=120,
    )
    return ended.returncode, ended.stdout


def said(output: str) -> list[str]:
    """Why it did not start; all that is written has to be lines of the log."""
    lines = [json.loads(line) for line in output.splitlines()]
    return [line["message"] for line in lines if line["level"] == "critical"]


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"VALUEBOX_MODEL": "nowhere"}, "has no model 'nowhere'; `valuebox train` makes one"),
        (
            {"VALUEBOX_MODELS__HANDLE": "nowhere"},
            "has no model 'nowhere'; `valuebox handle train` makes one",
        ),
        ({"DATABASE_URL": f"nonsense-{PASSWORD}"}, "DATABASE_URL is no database URL"),
        ({"DATABASE_URL": f"mysql://me:{PASSWORD}@host/db"}, "DATABASE_URL names mysql"),
        (
            {"DATABASE_URL": f"postgresql://me:{PASSWORD}@127.0.0.1:1/db"},
            "the postgresql database does not answer",
        ),
    ],
)
def test_it_says_in_one_line_why_it_cannot_start(
    tmp_path: Path, model_tag: str, environment: dict[str, str], message: str
) -> None:
    code, output = refused(tmp_path, {"VALUEBOX_MODEL": model_tag, **environment})
    assert code != 0
    (line,) = said(output)
    assert line.startswith("valuebox cannot start: ")
    assert message in line
    assert PASSWORD not in output


def test_a_newer_database_is_left_alone(tmp_path: Path, model_tag: str) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/valuebox.db")
    migrate.upgrade(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()
    code, output = refused(tmp_path, {"VALUEBOX_MODEL": model_tag})
    assert code != 0
    assert "revision '9999'" in output
    assert len(said(output)) == 1


def test_elsewhere_than_on_this_machine_it_does_not_start_without_keys(
    tmp_path: Path, model_tag: str
) -> None:
    code, output = refused(tmp_path, {"VALUEBOX_MODEL": model_tag}, host="0.0.0.0")
    assert code != 0
    (line,) = said(output)
    assert "would listen on 0.0.0.0" in line
    assert "`valuebox keys create`" in line
    assert "VALUEBOX_ACCESS=open" in line


WINE = """
from valuebox.compartments.contract import Compartment


class WineApi:
    pass


def opened(service, model):
    service.dispatch = "taken"


def compartment(**parts):
    return Compartment(name="wine", question="Which wine?", endpoints=WineApi, **parts)
"""


@pytest.mark.parametrize(
    ("made", "message"),
    [
        ("compartment(open=opened)", "the compartment 'wine' replaces 'dispatch' of the service"),
        ("object()", "the entry point wine of valuebox.compartments is no Compartment"),
    ],
)
def test_it_does_not_start_with_a_compartment_that_takes_what_is_there(
    tmp_path: Path, made: str, message: str
) -> None:
    code = f"{WINE}\n\nCOMPARTMENT = {made}\n"
    points = {"valuebox.compartments": "wine = wine:COMPARTMENT"}
    environment = package(tmp_path / "site", "wine", code, points)
    exit_code, output = refused(tmp_path, {"VALUEBOX_MODEL": "-", **environment})
    assert exit_code != 0
    assert said(output) == [f"valuebox cannot start: {message}"]
