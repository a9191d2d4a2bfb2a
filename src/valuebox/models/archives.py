"""Models as single files, out of the model store and into another one."""

from pathlib import Path
from typing import Final

import bentoml
from bentoml.exceptions import BentoMLException

from valuebox.bento import SavedWhole
from valuebox.models.registry import ArtifactMissing, ArtifactRefused, is_whole

_FORMAT: Final = "gz"


def put_aside(tag: str, folder: Path) -> Path:
    """Write a model of the store into a file of its own, and return where that is.

    Raises:
        ArtifactRefused: when the model store does not hand it out.
    """
    file = folder.absolute() / f"{tag.replace(':', '-')}.model.{_FORMAT}"
    try:
        bentoml.models.export_model(tag, str(file), _FORMAT)
    except (BentoMLException, OSError, ValueError) as error:
        raise ArtifactRefused(f"the model store does not hand out {tag}: {error}") from None
    return file


def bring_back(tag: str, file: Path) -> bool:
    """Put a model into the store, and return whether it was not there.

    One that is damaged there, such as by somebody who was killed on the way, is replaced.

    Raises:
        ArtifactRefused: when the model store does not take it, or it is another one.
    """
    try:
        if is_whole(tag):
            return False
        bentoml.models.delete(tag)
    except ArtifactMissing:
        pass
    except (BentoMLException, OSError) as error:
        raise ArtifactRefused(f"{tag} is damaged, and cannot be replaced: {error}") from None
    try:
        # Of a path that does not begin at the root BentoML takes the first folder for a host.
        found = bentoml.models.import_model(
            str(file.absolute()),
            _FORMAT,
            _model_store=SavedWhole(),  # type: ignore[arg-type]
        )
    except (BentoMLException, OSError, ValueError) as error:
        raise ArtifactRefused(f"the model store does not take {file}: {error}") from None
    if str(found.tag) != tag:
        raise ArtifactRefused(f"{file} holds {found.tag} instead of {tag}")
    return True
