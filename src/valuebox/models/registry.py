"""Artifacts in and out of the BentoML model store, checked on the way in.

An artifact is a folder of plain files with a manifest that holds their SHA-256 digests. No
file of it is code or a pickle, so loading one cannot run anything; the exception is `estimators`,
which a setting has to allow. Only files that the manifest names with their digest are ever read.
"""

import hashlib
import json
import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version
from typing import Any, Final, TypeVar

import bentoml
from bentoml.exceptions import BentoMLException, NotFound

from valuebox.bento import SavedWhole, stored_models, unfinished
from valuebox.errors import ValueboxError

MANIFEST: Final = "manifest.json"
NONE: Final = "-"
"""Stands for no model at all, in the place of a tag."""
Loaded = TypeVar("Loaded")
_LIBRARIES: Final = ("valuebox", "bentoml", "numpy", "xgboost", "xgboost-cpu")

_log = logging.getLogger("valuebox")


class ArtifactMissing(ValueboxError):
    """The model store has no such model."""

    def __init__(self, tag: str, commands: Sequence[str] = ()):
        makers = " or ".join(f"`{one}`" for one in commands)
        super().__init__(
            f"the model store has no model {tag!r}" + (f"; {makers} makes one" if makers else "")
        )


class ArtifactRefused(ValueboxError):
    """The artifact is damaged, was changed, or is of a kind this version cannot read."""


class ArtifactOutdated(ArtifactRefused):
    """The artifact is whole, and was saved by a version of valuebox that this one cannot read."""


@dataclass(frozen=True)
class Artifact:
    """A checked artifact: its exact tag, its files, and what its manifest says."""

    tag: str
    format: int
    """Format of the files, one of those that the caller can read."""
    created_at: datetime
    metadata: dict[str, Any]
    files: dict[str, bytes]
    """Content by file name, as it was when its digest was compared."""

    def read(self, file: str) -> bytes:
        """The content of a file.

        Raises:
            ArtifactRefused: when the manifest does not name it with its digest.
        """
        if file not in self.files:
            raise ArtifactRefused(f"{self.tag} has no digest of {file} in its manifest")
        return self.files[file]

    def json(self, file: str) -> Any:
        """What a file of JSON holds; raises also `ValueError`, where it is none."""
        return json.loads(self.read(file))


def as_json(value: Any) -> bytes:
    """The content of a file that `Artifact.json` reads."""
    return json.dumps(value, indent=1).encode()


@dataclass(frozen=True)
class Saved:
    """What the model store says of a model, before anything of it is checked."""

    tag: str
    kind: str
    created_at: datetime
    metadata: dict[str, Any]


def save(
    name: str,
    kind: str,
    format_: int,
    files: dict[str, bytes],
    labels: dict[str, str],
    metadata: dict[str, Any],
) -> str:
    """Write `files` and their manifest into the model store, where all of them are, or none.

    Args:
        name: Of the model in the store; the store makes the version.
        kind: The compartment that can read it, such as `ltv`.
        format_: Which files there are, and what they mean, by the count of that compartment.
        files: Content by file name.
        labels: Short words to find it by in the store.
        metadata: Whatever JSON can hold; kept in the manifest and shown by the store.

    Returns:
        The exact tag, `name:version`.

    Raises:
        ArtifactRefused: when the store does not accept the name.
    """
    metadata = {**metadata, "libraries": library_versions()}
    manifest = {
        "format": format_,
        "kind": kind,
        "created_at": datetime.now(UTC).isoformat(),
        "digests": {file: hashlib.sha256(content).hexdigest() for file, content in files.items()},
        "metadata": metadata,
    }
    try:
        with bentoml.models.create(
            name,
            labels={"kind": kind, **labels},
            metadata=metadata,
            _model_store=SavedWhole(),  # type: ignore[arg-type]
        ) as model:
            for file, content in files.items():
                Path(model.path_of(file)).write_bytes(content)
            Path(model.path_of(MANIFEST)).write_text(json.dumps(manifest, indent=2))
    except (BentoMLException, ValueError) as error:
        raise ArtifactRefused(f"the model store does not accept {name!r}: {error}") from None
    return str(model.tag)


def saved() -> list[Saved]:
    """All models in the store that valuebox has saved and that can be read, newest first."""
    found = [
        Saved(str(model.tag), model.info.labels["kind"], model.creation_time, model.info.metadata)
        for model in stored_models()
        if "kind" in model.info.labels
    ]
    return sorted(found, key=lambda one: one.created_at, reverse=True)


def find(tag: str) -> str:
    """The exact tag that a name or a tag means.

    Raises:
        ArtifactMissing: when the store has none.
        ArtifactRefused: when it is no tag.
    """
    return str(_get(tag).tag)


def kind_of(tag: str) -> str:
    """The compartment that a model belongs to, as the store has it; empty for models of others.

    Raises:
        ArtifactMissing: when the store has no such model.
        ArtifactRefused: when it is no tag.
    """
    return str(_get(tag).info.labels.get("kind", ""))


def named(tag: str | None, newest: str) -> str | None:
    """The exact tag of the model that a service would take; None where it would take none.

    Args:
        tag: The model that must be there, or `NONE`; None for the newest, if there is one.
        newest: Names the newest model of its kind.

    Raises:
        ArtifactMissing: when the model must be there and is not.
    """
    if tag == NONE:
        return None
    try:
        return find(tag or newest)
    except ArtifactMissing:
        if tag is not None:
            raise
        return None


def load(tag: str, kind: str, formats: Collection[int]) -> Artifact:
    """Find an artifact and check every file of it.

    Args:
        tag: `name:version`, or a name for its newest version. Within a built Bento the name
            means the version that was built in.
        kind: What the caller can read.
        formats: Those of its formats that the caller can read.

    Raises:
        ArtifactMissing: when there is none.
        ArtifactOutdated: when it is of another format.
        ArtifactRefused: when a file is missing or changed, or it is of another kind.
    """
    model = _get(tag)
    path = Path(model.path)
    try:
        manifest = json.loads((path / MANIFEST).read_bytes())
        format_, of_kind = manifest["format"], manifest["kind"]
        digests = dict(manifest["digests"])
        created_at = datetime.fromisoformat(manifest["created_at"])
        metadata: dict[str, Any] = manifest["metadata"]
    except (OSError, ValueError, KeyError, TypeError):
        raise ArtifactRefused(f"{model.tag} has no manifest of valuebox's") from None
    if of_kind != kind:
        raise ArtifactRefused(f"{model.tag} is of kind {of_kind}, not {kind}")
    if format_ not in formats:
        raise ArtifactOutdated(
            f"{model.tag} was saved by another version of valuebox, in format {format_} instead of "
            f"{max(formats)}; train it again"
        )
    files = {file: _checked(str(model.tag), path, file, digests[file]) for file in digests}
    return Artifact(str(model.tag), format_, created_at, metadata, files)


def is_whole(tag: str) -> bool:
    """Whether every file of a stored model is as it was when it was saved.

    Raises:
        ArtifactMissing: when the store has no such model.
    """
    try:
        path = Path(_get(tag).path)
        digests = json.loads((path / MANIFEST).read_bytes())["digests"]
        for file, digest in digests.items():
            _checked(tag, path, file, digest)
    except (ArtifactRefused, OSError, ValueError, KeyError, TypeError, AttributeError):
        return False
    return True


def _checked(tag: str, folder: Path, file: str, digest: Any) -> bytes:
    if Path(file).name != file:
        raise ArtifactRefused(f"{tag} names a file outside of its folder: {file!r}")
    try:
        content = (folder / file).read_bytes()
    except OSError:
        raise ArtifactRefused(f"{tag} lacks its file {file}") from None
    if hashlib.sha256(content).hexdigest() != digest:
        raise ArtifactRefused(f"{tag} was changed after it was saved: {file}")
    return content


def _get(tag: str) -> bentoml.Model:
    try:
        return bentoml.models.get(tag)
    except NotFound:
        raise ArtifactMissing(tag) from None
    except (BentoMLException, ValueError) as error:
        why = f"{tag!r} is no model tag: {error}"
        if cut_off := unfinished(tag.partition(":")[0]):
            why = f"{cut_off[0]} was not saved whole: delete that folder, and train again"
        raise ArtifactRefused(why) from None


def library_versions() -> dict[str, str]:
    """Versions of what an artifact was made with."""
    found = {"python": python_version()}
    for library in _LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found


def served(load: Callable[[str], Loaded], newest: str, tag: str | None) -> Loaded | None:
    """The model that a service answers a question with.

    Args:
        load: Loads a model by its tag.
        newest: Names the newest model of its kind, as `ltv:latest` does.
        tag: The model that must be there, or `NONE`; None for the newest, if there is one. The
            newest is left alone, with a warning, where this version cannot read it any more: a
            service answers its other questions after an upgrade too.

    Raises:
        ArtifactMissing: when the model must be there and is not.
        ArtifactRefused: when it cannot be used.
    """
    if tag == NONE:
        return None
    try:
        return load(tag or newest)
    except (ArtifactMissing, ArtifactOutdated) as error:
        if tag is not None:
            raise
        if isinstance(error, ArtifactOutdated):
            _log.warning("a model is left alone: %s", error)
        return None
