"""Replicas on machines whose clocks are wrong, next to one PostgreSQL."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from support.databases import Postgres
from support.services import ROOT, Service, eventually, running
from support.sums import assert_sums, fold, stored_sums
from support.users import users

from valuebox.compartments.ltv.model import LtvModel
from valuebox.store.engine import Store, make_engine
from valuebox_cli.server import stop

OTHER_CLOCK = ROOT / "tests" / "support" / "other_clock"
HOUR = 3_600


class Machine:
    """What a machine of its own has: a clock that can be set."""

    def __init__(self, folder: Path, seconds: float = 0):
        """With a clock that is ahead of the database's."""
        folder.mkdir()
        self.folder = folder
        self._file = folder / "clock"
        self.set(seconds)

    def set(self, seconds: float) -> None:
        """Have the clock be so far ahead."""
        # In one step: the service may be looking.
        new = self._file.with_suffix(".new")
        new.write_text(str(seconds))
        new.replace(self._file)

    @property
    def environment(self) -> dict[str, str]:
        """Of whatever runs there."""
        return {"PYTHONPATH": str(OTHER_CLOCK), "OTHER_CLOCK": str(self._file)}


@contextmanager
def replica(url: str, machine: Machine, model: LtvModel) -> Iterator[Service]:
    settings = {"VALUEBOX_MODEL": model.tag, **machine.environment}
    # The end of a killed one's fold is not waited for.
    with running(url, machine.folder, settings, end=stop) as service:
        yield service


def skew(service: Service) -> float:
    (line,) = [
        line
        for line in service.http.get("/metrics").text.splitlines()
        if line.startswith("valuebox_clock_skew_seconds ")
    ]
    return float(line.split()[1])


def ready(service: Service) -> int:
    return service.http.get("/readyz").status_code


@pytest.mark.slow("src/valuebox/compartments/ltv")
def test_sums_are_right_and_probes_tell_while_clocks_are_wrong(
    postgres: Postgres, tmp_path: Path, model: LtvModel
) -> None:
    url = postgres.new_database()
    slow, stepped = Machine(tmp_path / "slow", -120), Machine(tmp_path / "stepped")
    with replica(url, slow, model) as one, replica(url, stepped, model) as other:
        first = count(1, 10)

        def send(*replicas: Service) -> None:
            for service in replicas:
                # Half of them were sent before, by way of the other one.
                service.predict(users(20, first_id=next(first), missing=0.2))

        send(one, other, one)
        eventually(lambda: skew(one) == pytest.approx(120, abs=2))
        assert [ready(one), ready(other)] == [200, 200]
        send(one, other)
        # Nobody has compared the clocks since, nor has to: the rows are noted as they come.
        stepped.set(2 * HOUR)
        send(other, one, other)
        assert [ready(one), ready(other)] == [200, 503]
        assert other.http.get("/livez").status_code == 200
        assert "7200.0 s ahead of the database's" in other.log()
        # Corrected from here on, and still not to be sent requests.
        send(other, one)
        stepped.set(0)
        assert [ready(one), ready(other)] == [200, 200]
        send(other, one)
    # Only now, since a fold leaves the rest to another one that is under way.
    store = Store(make_engine(url))
    fold(store)
    assert_sums(store, model)
    assert stored_sums(store)["arrivals"]["rows"].sum() == 240
    store.close()


@pytest.mark.slow
def test_a_machine_whose_clock_is_far_off_starts_no_service(
    postgres: Postgres, tmp_path: Path, model_tag: str
) -> None:
    machine = Machine(tmp_path / "machine", 2 * HOUR)
    settings = {"DATABASE_URL": postgres.new_database(), "VALUEBOX_MODEL": model_tag}
    done = subprocess.run(
        [sys.executable, "-m", "bentoml", "serve", "--port", "0"],
        cwd=ROOT,
        env={**os.environ, **settings, **machine.environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    said = "valuebox cannot start: this machine's clock is 7,200 s ahead of the database's"
    written = done.stdout + done.stderr
    assert said in written
    assert "Traceback" not in written
