"""Compare two folders, or two images as `docker export` writes them: names, modes and contents.

    python ops/release/compare.py ONE OTHER [--times BELOW ...]

Prints each name that is not the same in both and what differs, and exits with 1 where there is one.
"""

import argparse
import hashlib
import stat
import sys
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple


class Entry(NamedTuple):
    """A file, a folder or a link."""

    mode: str
    """Kind and permissions, as `ls -l` shows them."""
    content: str
    """SHA-256 of a file, and where a link leads to."""
    changed: int | None
    """When it was changed, in seconds since 1970; None where that does not count."""


def entries(path: Path, times: tuple[str, ...] = ()) -> dict[str, Entry]:
    """What a folder or an archive holds, by name.

    Args:
        path: A folder, or a tar.
        times: Names of folders in which it counts when everything was changed.
    """
    found = _of_folder(path) if path.is_dir() else _of_archive(path)
    return {
        name: one if name.startswith(times) else one._replace(changed=None) for name, one in found
    }


def _of_folder(folder: Path) -> Iterator[tuple[str, Entry]]:
    for path in folder.rglob("*"):
        status = path.lstat()
        content = ""
        if path.is_symlink():
            content = f"{path.readlink()}"
        elif path.is_file():
            content = hashlib.sha256(path.read_bytes()).hexdigest()
        mode = stat.filemode(status.st_mode)
        yield path.relative_to(folder).as_posix(), Entry(mode, content, int(status.st_mtime))


def _of_archive(file: Path) -> Iterator[tuple[str, Entry]]:
    with tarfile.open(file) as archive:
        for one in archive:
            content, read = one.linkname, archive.extractfile(one) if one.isreg() else None
            if read is not None:
                content = hashlib.file_digest(read, "sha256").hexdigest()
            kind = one.type.decode("ascii")
            mode = f"{kind} {one.mode:04o} {one.uid}:{one.gid}"
            yield one.name, Entry(mode, content, int(one.mtime))


def differences(one: Mapping[str, Entry], other: Mapping[str, Entry]) -> list[str]:
    """A line for each name that is not the same in both."""
    lines = []
    for name in sorted({*one, *other}):
        if name not in one or name not in other:
            lines.append(f"{name}: only in the {'first' if name in one else 'second'}")
            continue
        both = zip(Entry._fields, one[name], other[name], strict=True)
        told = [f"{field} {here} and {there}" for field, here, there in both if here != there]
        if told:
            lines.append(f"{name}: {', '.join(told)}")
    return lines


def main() -> None:
    """Compare what the command line names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("paths", nargs=2, type=Path)
    parser.add_argument("--times", nargs="*", default=[])
    asked = parser.parse_args()
    one, other = (entries(path, tuple(asked.times)) for path in asked.paths)
    found = differences(one, other)
    found.append(f"{len({*one, *other}):,} names, {len(found):,} of them differ")
    sys.stdout.write("\n".join(found) + "\n")
    sys.exit(1 if len(found) > 1 or not one else 0)


if __name__ == "__main__":
    main()
