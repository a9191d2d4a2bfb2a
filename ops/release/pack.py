"""Pack a folder as a zip that depends on nothing but the names and contents of its files."""

import os
import sys
import time
import zipfile
from pathlib import Path
from typing import Final

_FIRST: Final = 315_532_800
"""1980: a zip knows no earlier moment."""


def pack(folder: Path, to: Path, epoch: int) -> None:
    """Write all files of a folder, in the order of their names.

    Args:
        folder: What is packed, without its own name.
        to: The zip.
        epoch: When all files are said to have been changed, in seconds since 1970.
    """
    moment = time.gmtime(max(epoch, _FIRST))[:6]
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in sorted(one for one in folder.rglob("*") if one.is_file()):
            entry = zipfile.ZipInfo(file.relative_to(folder).as_posix(), moment)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o100644 << 16
            packed.writestr(entry, file.read_bytes())


if __name__ == "__main__":
    pack(Path(sys.argv[1]), Path(sys.argv[2]), int(os.environ["SOURCE_DATE_EPOCH"]))
