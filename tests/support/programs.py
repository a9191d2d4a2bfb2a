"""Programs that Debian packages."""

import os
import shutil

import pytest


def find(program: str, package: str) -> str:
    """Where a program is; the test is skipped where it is not, except in CI."""
    # Servers lie where only the administrator looks for programs.
    found = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        message = f"{program} is not installed; Debian's package `{package}` brings it"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(message)
    return found
