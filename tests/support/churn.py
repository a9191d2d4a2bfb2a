"""The example package with a compartment, installed into a folder of its own."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from support.facts import customer, event, put_customers, put_events
from support.once import FOLDER
from support.services import ROOT
from valuebox.store.engine import Store

SOURCE = "churn-shop"
CUSTOMERS = 600


PACKAGE = ROOT / "examples" / "churn"


def install(folder: Path, package: Path = PACKAGE) -> dict[str, str]:
    """Install a package below a folder; the environment in which Python finds it."""
    site = folder / "site"
    uv = Path(sys.executable).with_name("uv")
    command = [
        str(uv),
        "pip",
        "install",
        "--quiet",
        "--offline",
        "--no-deps",
        "--no-build-isolation",
    ]
    command += ["--python", sys.executable, "--target", str(site), str(package)]
    subprocess.run(command, check=True, capture_output=True)
    return {"PYTHONPATH": str(site)}


def run(environment: dict[str, str], *arguments: object, exit_code: int = 0) -> str:
    """What `valuebox` prints in an environment.

    Raises:
        AssertionError: when it ends with another exit code.
    """
    return _run([Path(sys.executable).with_name("valuebox"), *arguments], environment, exit_code)


def own_tests(environment: dict[str, str], package: Path = PACKAGE) -> str:
    """What the package's own tests print in an environment."""
    folder = package / "tests"
    options = ("-p", "no:cacheprovider", "--rootdir", ROOT)
    return _run([sys.executable, "-m", "pytest", "-q", folder, *options], environment, 0)


def conforms(environment: dict[str, str], package: Path = PACKAGE, name: str = "churn") -> str:
    """What the suite of all compartments prints, asked of one in an environment."""
    case = package / "case.py"
    suite = ROOT / "tests" / "conformance" / "test_conformance.py"
    options = ("-k", name, f"--case={case}", "-p", "no:cacheprovider", "--rootdir", ROOT)
    return _run([sys.executable, "-m", "pytest", "-q", suite, *options], environment, 0)


def _run(command: list[object], environment: dict[str, str], exit_code: int) -> str:
    # What a run of tests shares knows nothing of the package: a run inside makes its own.
    inherited = {name: value for name, value in os.environ.items() if name != FOLDER}
    done = subprocess.run(
        [str(part) for part in command],
        env=inherited | environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == exit_code, done.stdout + done.stderr
    return done.stdout


def put_purchases(store: Store, customers: int = CUSTOMERS, seed: int = 0) -> None:
    """A year of purchases until now: every other customer goes on buying, the rest have stopped."""
    rng, now = np.random.default_rng(seed), datetime.now(UTC)
    began = (now - timedelta(days=365)).isoformat()
    put_customers(
        store, *(customer(f"{who}", source=SOURCE, created=began) for who in range(customers))
    )
    events = []
    for who in range(customers):
        is_loyal = who % 2 == 0
        last = 0.0 if is_loyal else float(rng.uniform(60, 300))
        days = rng.uniform(last, 365, size=14 if is_loyal else 4)
        events += [
            event(
                f"{who}-{place}",
                source=SOURCE,
                customer=f"{who}",
                time=(now - timedelta(days=float(ago))).isoformat(),
            )
            for place, ago in enumerate(days)
        ]
    put_events(store, *events)
