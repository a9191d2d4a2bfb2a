"""Compressed files: recognised by what they begin with, whatever they are called."""

import bz2
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final, cast

import pyarrow as pa

from valuebox.files.problems import BadFile

PARQUET: Final = b"PAR1"
"""What Parquet files begin and end with."""

_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
_OLD_WORKBOOK: Final = b"\xd0\xcf\x11\xe0"
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
_BZIP2: Final = bytes.fromhex("314159265359")
# How a tar archive names its kind, and where.
_TAR: Final = (257, b"ustar")
_LOOKED_AT: Final = 512


def begins_with(path: Path) -> bytes:
    """The first bytes of a file, which tell its kind.

    Raises:
        BadFile: when there is no such file, or one that can be read only once.
    """
    if path.exists() and not path.is_file():
        raise BadFile(f"{path}: is no file that can be read twice, as it has to be")
    with readable(path), path.open("rb") as file:
        return file.read(_LOOKED_AT)


@contextmanager
def unpacked(path: Path) -> Iterator[IO[bytes]]:
    """The text in a file that may be compressed: by gzip, bzip2, xz, Zstandard, or alone in a zip.

    Raises:
        BadFile: when it is cut off or damaged, or holds something else than one text.
    """
    begin = begins_with(path)
    with readable(path), path.open("rb") as file, _stream(path, begin, file) as text:
        yield text


def check_text(path: Path, begin: bytes) -> None:
    """Refuse what a file holds, once unpacked, that is no UTF-8 text.

    Raises:
        BadFile: saying what it is.
    """
    what = None
    if begin.startswith(_UTF_16):
        what = "is UTF-16; save it as UTF-8"
    elif begin.startswith(PARQUET):
        what = "is a Parquet file in an archive; unpack it"
    elif begin.startswith(_OLD_WORKBOOK):
        what = "is a workbook; save it as CSV"
    elif begin[_TAR[0] :].startswith(_TAR[1]):
        what = "is a tar archive; unpack it"
    if what:
        raise BadFile(f"{path}: {what}")


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn what can go wrong in reading into one line.

    Raises:
        BadFile: naming the file.
    """
    try:
        yield
    except FileNotFoundError:
        raise BadFile(f"{path}: there is no such file") from None
    except (
        OSError,
        EOFError,
        zlib.error,
        lzma.LZMAError,
        zipfile.BadZipFile,
        pa.ArrowException,
    ) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise BadFile(f"{path}: cannot be read: {reason.splitlines()[0]}") from None
    except RuntimeError as error:
        # A zip that is encrypted, or packed in a way that is not known.
        raise BadFile(f"{path}: cannot be unpacked: {error}") from None


def _stream(path: Path, begin: bytes, file: IO[bytes]) -> IO[bytes]:
    text: Any = file
    if begin.startswith(b"\x1f\x8b"):
        # Of several members, one after another, the whole is read.
        text = gzip.GzipFile(fileobj=file)
    elif begin.startswith(b"BZh") and begin[4:10] == _BZIP2:
        text = bz2.BZ2File(file)
    elif begin.startswith(b"\xfd7zXZ\0"):
        return cast("IO[bytes]", lzma.LZMAFile(file))
    elif begin.startswith(b"\x28\xb5\x2f\xfd"):
        text = pa.CompressedInputStream(file, "zstd")
    elif begin.startswith(_ZIP):
        text = _only_member(path, zipfile.ZipFile(file))
    return cast("IO[bytes]", text)


def _only_member(path: Path, archive: zipfile.ZipFile) -> IO[bytes]:
    names = archive.namelist()
    if "[Content_Types].xml" in names:
        raise BadFile(f"{path}: is a workbook; save it as CSV")
    # Where a Mac packs, it adds what it knows of every file.
    files = [name for name in names if not name.endswith("/") and not name.startswith("__MACOSX/")]
    if len(files) != 1:
        raise BadFile(f"{path}: holds {len(files)} files instead of one; unpack it")
    return archive.open(files[0])
