"""A folder that the workers of a service have in common; it goes when the service does."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

# How the workers, which have the environment of their parent, find it.
FOLDER_VARIABLE: Final = "VALUEBOX_SHARED_FOLDER"


def prepare() -> None:
    """Make the folder, before any worker starts; it goes when this process ends."""
    folder = tempfile.mkdtemp(prefix="valuebox-")
    os.environ[FOLDER_VARIABLE] = folder
    atexit.register(shutil.rmtree, folder, ignore_errors=True)


def shared_folder() -> Path | None:
    """The folder; None in a worker that was started by itself."""
    folder = os.environ.get(FOLDER_VARIABLE)
    return Path(folder) if folder else None
