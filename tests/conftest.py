"""A clean environment for every test process, and the fixtures that all tests share."""

import gc
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import certifi
import pytest

# Libraries read these when they are first imported: they are set before any other import.
HOME = Path(tempfile.mkdtemp(prefix="valuebox-tests-"))
# What all processes of a run share: the one that hands out tests makes it, others inherit its name.
FOLDER = "FOLDER_OF_TEST_RUN"
SHARED = None if FOLDER in os.environ else tempfile.mkdtemp(prefix="valuebox-run-")
os.environ.setdefault(FOLDER, str(SHARED))
for name in [name for name in os.environ if name.startswith(("VALUEBOX_", "BENTOML_"))]:
    del os.environ[name]
os.environ.pop("DATABASE_URL", None)
# Of the terminal that results are shown in: output of commands would be fitted to it.
os.environ.pop("COLUMNS", None)
os.environ |= {"BENTOML_HOME": str(HOME), "BENTOML_DO_NOT_TRACK": "True"}
# Threads that spin for a core which another worker has make a second's training take a minute.
os.environ["OMP_NUM_THREADS"] = "1"
# Each client over HTTP would read all authorities that there are, which takes longer than asking.
_authority = HOME / "authority.pem"
_authority.write_text(
    "".join(Path(certifi.where()).read_text().partition("-----END CERTIFICATE-----")[:2])
)
os.environ["SSL_CERT_FILE"] = str(_authority)
# Every service that is started, and every command, would compile our modules anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# All that is imported until tests are collected stays: looking for garbage among it takes long.
gc.disable()
# Jobs in the background of a script ignore it, and so would the commands that tests interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins = ["support.scheduling", "support.slow"]
FIXTURES = (
    "support.models",
    "support.own_columns",
    "support.databases",
    "support.backups",
    "support.filled",
    "support.partitions",
    "support.services",
    "support.browser",
    "support.real",
    "support.blurred",
    "support.campaigns",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """How long the tests look that make up what they send, and what a package brings."""
    parser.addoption(
        "--fuzz-examples",
        type=int,
        default=60,
        help="requests made up for each endpoint; `make fuzz` makes up more",
    )
    parser.addoption(
        "--case",
        type=Path,
        help="Python file with the CASE of a compartment that an installed package brings",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Load the fixtures, but not where tests are only handed out to others.

    All that they import would take seconds there, while nobody runs a test yet.
    """
    if hasattr(config, "workerinput") or not config.getoption("numprocesses", None):
        for name in FIXTURES:
            # A folder's own conftest is imported before this, where that folder alone is asked for.
            if (known := sys.modules.get(name)) is None:
                config.pluginmanager.import_plugin(name)
            else:
                config.pluginmanager.register(known, name)


@pytest.fixture(scope="session")
def fuzz_examples(request: pytest.FixtureRequest) -> int:
    """How many requests to make up for each endpoint."""
    return request.config.getoption("--fuzz-examples")


def pytest_collection_finish() -> None:
    """Look for garbage again, but seldom, and not among modules and tests."""
    gc.freeze()
    # By default every second or so, through all that fixtures keep.
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave no model store behind, nor what was shared."""
    shutil.rmtree(HOME, ignore_errors=True)
    if SHARED is not None:
        shutil.rmtree(SHARED, ignore_errors=True)
