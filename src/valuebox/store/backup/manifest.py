"""What a backup holds, as its manifest says it: versions, tables, models, and digests of all files.

The manifest is written last, and names its own digest too: a backup without it, or whose files
differ from it, is none.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from valuebox.errors import ValueboxError

MANIFEST: Final = "manifest.json"
FORMAT: Final = 1
"""Format of the files; a higher one is of a newer version."""
_DIGEST: Final = "sha256"
_AT_ONCE: Final = 1 << 20

Kind = Literal["uuid", "moment", "flag", "integer", "float", "octets", "text"]


class BadBackup(ValueboxError):
    """A folder that is no whole backup which this version can restore, or not restore here."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class File(_Frozen):
    """A file of a backup."""

    # A name without a path: a backup of somebody else's reads nothing outside of its folder.
    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.\-]*$")]
    size: int
    """In bytes."""
    sha256: str


class Column(_Frozen):
    """A column of a table."""

    name: str
    kind: Kind
    """What the database has to be told to read a text as it."""


class TableFile(File):
    """The rows of a table: a line each, as COPY of PostgreSQL writes them, compressed by gzip."""

    table: str
    columns: tuple[Column, ...]
    rows: int


class ModelFile(File):
    """A model of the model store, as BentoML exports it."""

    tag: str


class Manifest(_Frozen):
    """All that is in a backup. No address, no password and no setting is."""

    format: Literal[1] = FORMAT
    valuebox: str
    """The version that made the backup."""
    made_at: datetime
    database: Literal["sqlite", "postgresql"]
    revisions: dict[str, str]
    """How far the database was migrated, by the owner of the tables; empty for valuebox."""
    tables: tuple[TableFile, ...]
    """In an order in which they can be stored."""
    models: tuple[ModelFile, ...]

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(one.rows for one in self.tables)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(one.size for one in (*self.tables, *self.models))


def write(folder: Path, manifest: Manifest) -> None:
    """Write the manifest of a backup whose other files are written."""
    content = manifest.model_dump(mode="json")
    whole = {**content, _DIGEST: _digest_of(content)}
    (folder / MANIFEST).write_text(json.dumps(whole, indent=1), encoding="utf-8")


def read(folder: Path) -> Manifest:
    """The manifest of a backup, once every file was compared with its digest.

    Raises:
        BadBackup: when it is no whole backup, naming the file that is missing or damaged, or was
            made by a newer version.
    """
    try:
        content = json.loads((folder / MANIFEST).read_bytes())
        format_, digest = content["format"], content.pop(_DIGEST)
    except OSError:
        raise BadBackup(f"{folder} is no whole backup: it has no {MANIFEST}") from None
    except (ValueError, KeyError, TypeError):
        raise _damaged(folder / MANIFEST) from None
    if isinstance(format_, int) and format_ > FORMAT:
        raise BadBackup(
            f"{folder} was made by valuebox {content.get('valuebox')}, in a format that this "
            "version does not know; restore it with that version or a newer one"
        )
    if digest != _digest_of(content):
        raise _damaged(folder / MANIFEST)
    try:
        manifest = Manifest.model_validate(content)
    except ValidationError:
        raise _damaged(folder / MANIFEST) from None
    for one in (*manifest.tables, *manifest.models):
        _check(folder / one.file, one)
    return manifest


def _check(path: Path, file: File) -> None:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as opened:
            for part in _parts(opened):
                digest.update(part)
    except OSError as error:
        raise BadBackup(f"{path} cannot be read: {error.strerror}") from None
    if digest.hexdigest() != file.sha256:
        raise _damaged(path)


def measured(path: Path) -> dict[str, Any]:
    """What a manifest says of a file that is written: the fields of `File`."""
    digest = hashlib.sha256()
    with path.open("rb") as opened:
        for part in _parts(opened):
            digest.update(part)
    return {"file": path.name, "size": path.stat().st_size, "sha256": digest.hexdigest()}


def _parts(opened: Any) -> Iterator[bytes]:
    return iter(lambda: opened.read(_AT_ONCE), b"")


def _digest_of(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _damaged(path: Path) -> BadBackup:
    return BadBackup(f"{path} is damaged: it is not what was written when the backup was made")
