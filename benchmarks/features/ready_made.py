"""Feast, which reads values that somebody has worked out before."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PYTHON: Final = ROOT / ".contenders" / "feast" / "bin" / "python"
PEER: Final = Path(__file__).parent / "peers" / "in_feast.py"


class ReadyMade:
    """Feast in a process of its own, which reads three values of a customer whenever it is asked.

    Args:
        name: What tables call it.
        online: Its online store, as Feast is told.
        folder: For its own files.
        customers: Of whom there are values.
    """

    def __init__(
        self, name: str, online: dict[str, object], folder: Path, customers: Sequence[str]
    ):
        self.name = name
        folder.mkdir()
        (folder / "customers.json").write_text(json.dumps(list(customers)))
        (folder / "online.json").write_text(json.dumps(online))
        self._process = subprocess.Popen(
            [str(PYTHON), str(PEER), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._said()

    def read(self, customer: str) -> float:
        """Milliseconds that a read took, which it measures itself."""
        if self._process.stdin is not None:
            self._process.stdin.write(f"{customer}\n")
            self._process.stdin.flush()
        return float(self._said())

    def _said(self) -> str:
        said = "" if self._process.stdout is None else self._process.stdout.readline()
        if not said:
            raise AssertionError(f"{self.name} ended")
        return said

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()
