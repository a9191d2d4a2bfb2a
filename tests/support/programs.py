"""Programs that Debian packages."""

import os
import shutil

import pytest


def find(program: str, package: str) -> str:
    """Where a program is; the test is skipped where it is not, except in CI."""
    found = shutil.which(program)
    if found is None:
        message = f"{program} is not installed; Debian's package `{package}` brings it"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(message)
    return found
