"""Build the Bento under a version that follows from what it is made of, as of SOURCE_DATE_EPOCH.

Called with the bentofile and the commit; how the sources differ from that is read from stdin.
"""

import hashlib
import os
import re
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import bentoml
from bentoml.exceptions import NotFound

from valuebox import __version__

_NAME: Final = "valuebox-service"


def version_of(commit: str, changes: bytes, bentofile: bytes) -> str:
    """The version of a Bento: that of valuebox, the commit, and a digest of what else goes in.

    Args:
        commit: Its digest; empty where none is known.
        changes: How the sources differ from it.
        bentofile: Names the exact models.
    """
    digest = hashlib.sha256(changes + bentofile).hexdigest()
    return "-".join(filter(None, (__version__, commit[:12], digest[:8])))


def settle(folder: Path, epoch: int) -> None:
    """Date a Bento: BentoML writes down when it was built."""
    described = folder / "bento.yaml"
    moment = datetime.fromtimestamp(epoch, UTC).isoformat()
    text = described.read_text("utf-8")
    text, count = re.subn(r"(?m)^creation_time: .*$", f"creation_time: '{moment}'", text)
    if count != 1:
        raise SystemExit(f"{described}: tells {count} times when it was made, and not once")
    described.write_text(text, "utf-8")


def build(bentofile: Path, commit: str, changes: bytes, epoch: int) -> str:
    """Build what is in the current folder, in the place of the same Bento, and return its tag."""
    version = version_of(commit, changes, bentofile.read_bytes())
    with suppress(NotFound):
        bentoml.bentos.delete(f"{_NAME}:{version}")
    made = bentoml.bentos.build_bentofile(str(bentofile), version=version, build_ctx=".")
    settle(Path(made.path), epoch)
    return f"{made.tag}"


if __name__ == "__main__":
    changed = sys.stdin.buffer.read()
    moment = int(os.environ["SOURCE_DATE_EPOCH"])
    sys.stdout.write(build(Path(sys.argv[1]), "".join(sys.argv[2:]), changed, moment) + "\n")
