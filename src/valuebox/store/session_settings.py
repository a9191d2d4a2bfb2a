"""What sessions on PostgreSQL are set to, whether or not a connection pooler stands between.

A session is told at its start how long statements may take, and whatever options the URL or
PGOPTIONS name, such as a search path. PgBouncer refuses these options or drops them silently, and
gives every transaction another session: behind it they are set at the start of each transaction.
"""

import os
import re
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, event, text

_POOLED: Final = "valuebox is behind a pooler"
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
# What PgBouncer says to startup options that it was not told to ignore.
_REFUSED: Final = "unsupported startup parameter"
_OPTIONS: Final = "options"


class BadOptions(ValueError):
    """The options are not a list of `-c name=value`; the message never holds a value."""


def settings_of(url: URL, own: Mapping[str, str]) -> dict[str, str]:
    """Settings of a session by name: those of PGOPTIONS, of the URL, and our own, which win.

    Args:
        url: Whose query may hold `options`, as libpq reads them.
        own: What nobody may change.

    Raises:
        BadOptions: when there are options that cannot be set in a transaction too.
    """
    asked = url.query.get(_OPTIONS, "")
    from_url = " ".join(asked) if isinstance(asked, tuple) else asked
    found: dict[str, str] = {}
    for options in (os.environ.get("PGOPTIONS", ""), from_url):
        found |= _parsed(options)
    return found | dict(own)


def _parsed(options: str) -> dict[str, str]:
    found = {}
    # As PostgreSQL does it: no quotes, and a space within a value has a backslash before it.
    words = (re.sub(r"\\(.)", r"\1", word) for word in re.findall(r"(?:\\.|[^\\\s])+", options))
    for word in words:
        if word == "-c":
            setting = next(words, "")
        elif word.startswith(("-c", "--")):
            setting = word[2:]
        else:
            raise BadOptions("only -c name=value and --name=value are understood")
        name, equals, value = setting.partition("=")
        name = name.replace("-", "_")
        if not equals or not _NAME.fullmatch(name):
            raise BadOptions("only -c name=value and --name=value are understood")
        found[name] = value
    return found


def install(engine: Engine, settings: Mapping[str, str], own: Mapping[str, str]) -> None:
    """Have every session and, behind a pooler, every transaction of an engine begin with settings.

    Args:
        engine: Of a PostgreSQL.
        settings: All of them; see `settings_of`.
        own: Those by which it is seen whether the session took notice, as PostgreSQL shows them.
    """
    options = " ".join(f"-c {name}={_escaped(value)}" for name, value in settings.items())
    in_transaction = text("SELECT " + ", ".join(
        f"set_config(:name_{at}, :value_{at}, true)" for at in range(len(settings))
    )).bindparams(**{
        f"{what}_{at}": one
        for at, pair in enumerate(settings.items())
        for what, one in zip(("name", "value"), pair, strict=True)
    })  # fmt: skip

    def connect(dialect: Any, record: Any, positional: Any, named: dict[str, Any]) -> Any:
        try:
            return dialect.connect(*positional, **named, options=options)
        except dialect.loaded_dbapi.OperationalError as error:
            if _REFUSED not in str(error):
                raise
            # Not None, which would let libpq take PGOPTIONS.
            return dialect.connect(*positional, **named, options="")

    def look(driver: Any, record: Any) -> None:
        with driver.cursor() as cursor:
            cursor.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", ([*own],))
            told = dict(cursor.fetchall())
        driver.rollback()
        record.info[_POOLED] = told != dict(own)

    def begin(connection: Connection) -> None:
        if is_pooled(connection):
            connection.execute(in_transaction)

    event.listen(engine, "do_connect", connect)
    event.listen(engine, "connect", look)
    event.listen(engine, "begin", begin)


def is_pooled(connection: Connection) -> bool:
    """Whether the session behind a connection forgets, or shares, what it is told at its start."""
    return bool(connection.info.get(_POOLED, False))


def without_limits(connection: Connection) -> None:
    """Let statements of a transaction on PostgreSQL, and what is between them, take any time."""
    for limit in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
        connection.execute(text(f"SET LOCAL {limit} = 0"))


def _escaped(value: str) -> str:
    return re.sub(r"([\\\s])", r"\\\1", value)
