"""The commands that documents tell people to type, and which of them no test runs, and why.

Blocks of commands are indented by four spaces, or fenced as `sh`; anything else that is shown, such
as files and what commands print, is fenced as what it is.
"""

import re
import shlex
from collections.abc import Iterator
from typing import Final, NamedTuple

from support.services import ROOT

_GENERATED: Final = ("docs/modules.md", "docs/reference.md")
DOCUMENTS: Final = [
    name
    for pattern in ("*.md", "docs/**/*.md", "data/*.md", "examples/*/*.md")
    for name in sorted(str(file.relative_to(ROOT)) for file in ROOT.glob(pattern))
    if name not in (*_GENERATED, "CHANGELOG.md")
]
WALKED: Final = (
    "docs/ltv.md",
    "docs/growth.md",
    "docs/response.md",
    "docs/handle.md",
    "docs/features.md",
    "docs/offers.md",
    "docs/recommend.md",
    "examples/churn/README.md",
)
"""Tutorials: a test types their commands, one after the other."""
PROGRAMS: Final = frozenset(
    [
        *("bentoml", "cd", "curl", "docker", "echo", "export", "helm", "kubectl", "make"),
        *(
            "pg_dump",
            "pg_restore",
            "python",
            "python3",
            "rm",
            "source",
            "sqlite3",
            "uv",
            "valuebox",
        ),
    ]
)
"""Whatever a command of such a block may begin with, after its settings."""


class LeftOut(NamedTuple):
    """Commands that no test types."""

    document: str
    beginning: str
    """What they begin with."""
    why: str


_CONTAINERS: Final = "needs a container engine; tests/image runs the like"
_OTHER_STORE: Final = "names a model that is in no other store"
_CLUSTER: Final = "needs a cluster; tests/chart renders the chart"
_OWN_FILES: Final = "takes files that a reader has"
_INSTALLED: Final = "would change what the tests run in"
_HOURS: Final = "takes minutes to hours"
_KNOWN: Final = "differs from what a tutorial types by its values alone"
NOT_RUN: Final = (
    LeftOut("CONTRIBUTING.md", "", "runs the tests"),
    LeftOut("README.md", "make", "is what CI runs; tests/e2e/cli/test_demo_all.py runs the demo"),
    LeftOut("README.md", "source", _INSTALLED),
    LeftOut("README.md", "valuebox evaluate", _KNOWN),
    LeftOut("README.md", "valuebox growth report", _KNOWN),
    LeftOut("data/README.md", "", "makes the data that are there"),
    LeftOut("docs/api.md", "curl", "tests/conformance asks every endpoint"),
    LeftOut("docs/cohort-error.md", "make", _HOURS),
    LeftOut("docs/dashboard.md", "", "tests/integration/dashboard asks the like"),
    LeftOut("docs/deploy.md", "make", _CONTAINERS),
    LeftOut("docs/deploy.md", "source", _INSTALLED),
    LeftOut("docs/deploy.md", "valuebox evaluate", _KNOWN),
    LeftOut("docs/deploy.md", "docker", _CONTAINERS),
    LeftOut("docs/deploy.md", "export", _CONTAINERS),
    LeftOut("docs/deploy.md", "valuebox keys", _CONTAINERS),
    LeftOut("docs/deploy.md", "VALUEBOX_ACCESS", _CONTAINERS),
    LeftOut("docs/deploy.md", "IMAGE", _CONTAINERS),
    LeftOut("docs/deploy.md", "valuebox models", _OTHER_STORE),
    LeftOut("docs/deploy.md", "VALUEBOX_MODEL", _OTHER_STORE),
    LeftOut("docs/experiments.md", "", _OWN_FILES),
    LeftOut("docs/features-blurr.md", "", _OWN_FILES),
    LeftOut("docs/files.md", "valuebox train", _OWN_FILES),
    LeftOut("docs/import.md", "valuebox import transactions", _OWN_FILES),
    LeftOut("docs/import.md", "valuebox import events", _OWN_FILES),
    LeftOut(
        "docs/import.md",
        "valuebox import --mappings",
        "tests/integration/importing does",
    ),
    LeftOut("docs/import.md", "valuebox growth", _OWN_FILES),
    LeftOut("docs/kubernetes.md", "make", _CONTAINERS),
    LeftOut("docs/kubernetes.md", "kubectl", _CLUSTER),
    LeftOut("docs/kubernetes.md", "helm", _CLUSTER),
    LeftOut("docs/metrics.md", "", "tests/e2e/access makes such keys"),
    LeftOut("docs/monitoring.md", "valuebox monitor", _KNOWN),
    LeftOut("docs/offers.md", "valuebox offers evaluate --model", _OTHER_STORE),
    LeftOut("docs/offers.md", "valuebox offers evaluate --log", _OWN_FILES),
    LeftOut(
        "docs/operate.md",
        "",
        "tests/integration/house/test_operating.py does so",
    ),
    LeftOut(
        "docs/python.md",
        "",
        "tests/e2e/ltv learns by such files",
    ),
    LeftOut("docs/recommend-proof.md", "valuebox recommend experiment", _KNOWN),
    LeftOut("docs/recommend-proof.md", "valuebox recommend report", _KNOWN),
    LeftOut("docs/reliability.md", "", _HOURS),
    LeftOut("docs/serving-speed.md", "", _HOURS),
    LeftOut("examples/churn/README.md", "cd", _INSTALLED),
    LeftOut("examples/churn/README.md", "make", _INSTALLED),
    LeftOut("examples/churn/README.md", "export", _INSTALLED),
    LeftOut("examples/churn/README.md", "uv", _INSTALLED),
    LeftOut("examples/churn/README.md", "python", "tests/e2e/examples/test_churn.py does"),
    LeftOut("examples/pipeline/README.md", "", "tests/e2e/ltv/test_own_pipeline.py runs the like"),
)
"""Of several that fit a command the first one counts."""


class Command(NamedTuple):
    """A command, as it stands in a document; it may go over several lines."""

    document: str
    text: str

    @property
    def words(self) -> list[str]:
        """What the shell makes of it, but for its comment."""
        return shlex.split(self.text.replace("\\\n", " "), comments=True)

    @property
    def program(self) -> str:
        """What is run, whatever is set for it."""
        named = next((one for one in self.words if not re.match(r"\w+=", one)), "")
        return named.rpartition("/")[2]


def commands(document: str) -> Iterator[Command]:
    """All of a document, in their order."""
    for block in _blocks((ROOT / document).read_text()):
        waiting = ""
        for line in block:
            waiting += f"{line}\n"
            command = Command(document, waiting.strip())
            try:
                is_any = bool(command.words)
            except ValueError:
                # A quote or a backslash goes on in the next line.
                continue
            waiting = ""
            if is_any:
                yield command


def _blocks(text: str) -> Iterator[list[str]]:
    block: list[str] = []
    fence, before = None, ""
    for line in (*text.splitlines(), ""):
        if line.startswith("```"):
            if fence == "sh":
                yield block
            fence, block = (line[3:].strip() if fence is None else None), []
        elif fence is not None:
            block.append(line)
        elif line.startswith("    ") and (block or not before.strip()):
            block.append(line[4:])
        elif block:
            yield block
            block = []
        before = line


def left_out(command: Command) -> LeftOut | None:
    """Why no test types a command; None where one does."""
    for one in NOT_RUN:
        if command.document == one.document and command.text.startswith(one.beginning):
            return one
    return None
