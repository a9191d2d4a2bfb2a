"""Database URLs: which ones there may be, with the driver named."""

from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from valuebox.errors import ValueboxError


class BadDatabaseUrl(ValueboxError):
    """The database URL cannot be used; the message never holds the URL."""


def parse_url(url: str) -> URL:
    """The URL with the driver named.

    Hosting providers hand out `postgres://…` and `postgresql://…`; both mean psycopg2 here.

    Raises:
        BadDatabaseUrl: when it is no URL, or of a database that is not supported.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise BadDatabaseUrl(
            "DATABASE_URL is no database URL; try sqlite:///valuebox.db or "
            "postgresql+psycopg2://user:password@host/name"
        ) from None
    parsed = with_driver(parsed)
    if parsed.drivername not in {"sqlite", "sqlite+pysqlite", "postgresql+psycopg2"}:
        raise BadDatabaseUrl(
            f"DATABASE_URL names {parsed.drivername}; supported are sqlite and postgresql+psycopg2"
        )
    if "@" in (parsed.host or ""):
        raise BadDatabaseUrl("DATABASE_URL has more than one @; write one in a password as %40")
    if parsed.get_backend_name() == "sqlite" and parsed.database in {None, "", ":memory:"}:
        raise BadDatabaseUrl(
            "DATABASE_URL names an SQLite database in memory, which workers cannot share"
        )
    return parsed


def must_be_there(url: str) -> None:
    """Refuse an SQLite file that is not there, which SQLite would make when it is opened.

    For whoever only reads. Whether PostgreSQL is there shows when it is asked.

    Raises:
        BadDatabaseUrl: when it is not there, or see `parse_url`.
    """
    parsed = parse_url(url)
    if parsed.get_backend_name() != "sqlite" or (parsed.database or "").startswith("file:"):
        return
    file = Path(parsed.database or "").absolute()
    if not file.exists():
        raise BadDatabaseUrl(
            f"there is no database {file}; `bentoml serve` and `valuebox db upgrade` make one, and "
            "DATABASE_URL may name another"
        )


def with_driver(url: URL) -> URL:
    """The URL with the driver that is installed here, where it names PostgreSQL alone."""
    if url.drivername in {"postgres", "postgresql"}:
        return url.set(drivername="postgresql+psycopg2")
    return url


def absolute(url: str) -> str:
    """The URL, naming the same SQLite file from any folder; others are returned as they are.

    Raises:
        BadDatabaseUrl: see `parse_url`.
    """
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        parsed = parsed.set(database=str(Path(parsed.database).absolute()))
    return parsed.render_as_string(hide_password=False)
