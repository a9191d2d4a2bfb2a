"""The documents as a site, below the dashboard, where `make site` has packed them."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Final
from zipfile import ZipFile

import anyio.to_thread
from starlette.responses import Response

from valuebox.dashboard.sessions import PATH
from valuebox.pages.rendering import digest

FILE: Final = Path(__file__).with_name("documents.zip")
_FOLDER: Final = f"{PATH}/docs"
_START: Final = f"{_FOLDER}/index.html"
_KINDS: Final[Mapping[str, str]] = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}
_SCRIPT: Final = re.compile(r"<script(?: id=\"\w+\")?>(.*?)</script>", re.DOTALL)


class Documents:
    """Files of a ZIP archive, of which the names alone are addresses.

    No name leads anywhere else, whatever is asked for.

    Args:
        file: The archive; without it there are no documents.
    """

    def __init__(self, file: Path):
        self._file = file
        self._names = {f"{_FOLDER}/{name}": name for name in _names(file)}
        self.paths = frozenset(self._names)
        self.start = _START.removeprefix("/") if _START in self.paths else None
        """Where they begin, as seen from the folder of the first page; None without any."""

    async def answer(self, path: str) -> Response:
        """The file at one of `paths`."""
        name = self._names[path]
        content = await anyio.to_thread.run_sync(self._read, name)
        kind = _KINDS[PurePosixPath(name).suffix]
        return Response(content, headers=_headers(content, kind), media_type=kind)

    def _read(self, name: str) -> bytes:
        with ZipFile(self._file) as archive:
            return archive.read(name)


@cache
def packed() -> Documents:
    """The documents that this installation has."""
    return Documents(FILE)


def _names(file: Path) -> list[str]:
    if not file.exists():
        return []
    with ZipFile(file) as archive:
        return [name for name in archive.namelist() if PurePosixPath(name).suffix in _KINDS]


def _headers(content: bytes, kind: str) -> dict[str, str]:
    """Of a file, which may run scripts and load pictures of the documents alone."""
    inside = _SCRIPT.findall(content.decode()) if kind == "text/html" else ()
    scripts = " ".join(["'self'", *map(digest, inside)])
    return {
        "Cache-Control": "private, max-age=300",
        "Content-Security-Policy": f"default-src 'none'; script-src {scripts}; connect-src 'self'; "
        # Pictures of code and menus are styled where they stand.
        "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
