"""The command `valuebox`, within the test's process."""

from pathlib import Path

import pandas as pd
from typer.testing import CliRunner

from valuebox_cli.main import app


def valuebox(*arguments: object, exit_code: int = 0) -> tuple[str, str]:
    """Run the command and return what it wrote to stdout and stderr.

    Raises:
        AssertionError: when it ends with another exit code.
    """
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == exit_code, result.output or repr(result.exception)
    return result.stdout, result.stderr


def only_line(text: str) -> str:
    """The line that is all there is."""
    (line,) = text.splitlines()
    return line


def write_users(path: Path, users: pd.DataFrame) -> Path:
    """A CSV file of users."""
    users.to_csv(path, index=False, na_rep="NA")
    return path
