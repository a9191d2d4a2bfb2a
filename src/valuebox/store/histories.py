"""Histories of the schema: that of valuebox, and one of each package that adds tables of its own.

Every history has its own folder of migrations and its own table that says how far it has come. So
a version that does not know a package, or runs where it is not installed, goes on as if the tables
of the package were not there.
"""

from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from sqlalchemy import Connection, column, inspect, select, table

from valuebox.errors import ValueboxError

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

_FILES: Final = "[0-9]*.py"
_OURS: Final = Path(__file__).parent / "migrations"


@dataclass(frozen=True)
class History:
    """Migrations that build upon each other, from an empty database to the newest tables."""

    owner: str
    """Name of the compartment whose tables these are; empty for valuebox."""
    folder: Path
    """The folder of the migrations: revisions are numbers that grow, such as `0001`, with which the
    names of the files begin."""

    @classmethod
    def of_package(cls, owner: str, package: str) -> Self:
        """The history whose migrations lie in a package, such as `valuebox_churn.migrations`.

        Raises:
            ValueboxError: when there is no such package, or no migration in it.
        """
        try:
            found = find_spec(package)
        except ModuleNotFoundError:
            found = None
        folders = list((found and found.submodule_search_locations) or ())
        if not folders:
            raise ValueboxError(f"the migrations of {owner!r} should be in {package}: no package")
        folder = Path(folders[0])
        if not any(folder.glob(_FILES)):
            raise ValueboxError(f"the migrations of {owner!r} should be in {package}: none are")
        return cls(owner, folder)

    @property
    def version_table(self) -> str:
        """The table that holds the revision which the database is at."""
        return "_".join(["alembic_version", self.owner]).removesuffix("_")

    def named(self, revision: str) -> str:
        """A revision, told apart from those of other histories."""
        return f"{self.owner}:{revision}" if self.owner else revision

    @property
    def head(self) -> str:
        """The newest revision."""
        return _head(self.folder)

    @property
    def scripts(self) -> "ScriptDirectory":
        """The migrations."""
        from alembic.script import ScriptDirectory

        return ScriptDirectory.from_config(self.config())

    def config(self, connection: Connection | None = None) -> "Config":
        """What the commands of Alembic take."""
        from alembic.config import Config

        config = Config(attributes={"connection": connection, "version_table": self.version_table})
        config.set_main_option("path_separator", "os")
        for name, folder in (("script_location", _OURS), ("version_locations", self.folder)):
            config.set_main_option(name, str(folder).replace("%", "%%"))
        return config

    def revision(self, connection: Connection) -> str | None:
        """The revision that a database is at; None for one without these tables."""
        if not inspect(connection).has_table(self.version_table):
            return None
        versions = table(self.version_table)
        return connection.scalar(select(column("version_num")).select_from(versions))


@cache
def _head(folder: Path) -> str:
    return max(file.name.partition("_")[0] for file in folder.glob(_FILES))


OURS: Final = History("", _OURS / "versions")
