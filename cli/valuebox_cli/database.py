"""`valuebox db`: administration straight on the database."""

import typer

from valuebox.store import migrate
from valuebox.store.engine import make_engine
from valuebox_cli.console import Unreachable, exit_codes, out
from valuebox_cli.options import DatabaseUrl
from valuebox_cli.options import database_url as resolve

app = typer.Typer(help="Administer the database, without the service.", no_args_is_help=True)


@app.callback()
def db() -> None:
    """Administer the database, without the service."""


@app.command()
def upgrade(database_url: DatabaseUrl = None) -> None:
    """Bring the database to the schema of this version; `bentoml serve` does so by itself.

    Running it again, or from several places at once, does no harm.
    """
    with exit_codes():
        engine = make_engine(resolve(database_url))
        try:
            revision = migrate.upgrade(engine)
        except migrate.DatabaseAway as error:
            raise Unreachable(str(error)) from None
        finally:
            engine.dispose()
        out.print(f"the {engine.dialect.name} database is at revision {revision}")
