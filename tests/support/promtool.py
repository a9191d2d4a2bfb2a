"""What Prometheus itself says of its files."""

import subprocess
from pathlib import Path

from support.programs import find

RULES = Path(__file__).parents[2] / "ops" / "prometheus" / "alerts.yml"


def promtool(*arguments: object, stdin: str | None = None) -> str:
    """What promtool says; it must not find anything wrong."""
    done = subprocess.run(
        [find("promtool", "prometheus"), *map(str, arguments)],
        input=stdin,
        capture_output=True,
        text=True,
        # Days of alerts, minute by minute, take a processor most of a minute.
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
