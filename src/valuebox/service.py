"""The Bento service: one class that puts the compartments' endpoints together."""

import logging
import os
from datetime import timedelta

import anyio.to_thread
import bentoml

from valuebox.bounded_headers import bound_headers
from valuebox.errors import ValueboxError
from valuebox.guard import Guard, QuietRefusals
from valuebox.ltv.api import LtvApi
from valuebox.ltv.model import LtvModel
from valuebox.openapi import TruthfulDocs
from valuebox.settings import load_settings
from valuebox.store import migrate
from valuebox.store.engine import POOL_SIZE, Store, absolute, make_engine
from valuebox.store.idempotency import Replays

DESCRIPTION = "Customer-value models: predictions are stored, and checked when the truth arrives."
# The timeout also bounds how long BentoML keeps a finished request's timer: keep it short.
TIMEOUT_SECONDS = 60


@bentoml.service(
    # Not the name of the package: `bentoml serve NAME:TAG` would take that for a module.
    name="valuebox-service",
    description=DESCRIPTION,
    workers=1,
    threads=POOL_SIZE,
    traffic={"timeout": TIMEOUT_SECONDS},
    http={"host": "127.0.0.1", "port": 3000},
)
class ValueBox(LtvApi):
    """Customer-value models behind typed JSON endpoints, with everything stored."""

    def __init__(self) -> None:
        settings = load_settings()
        _quiet_logs()
        bound_headers()
        self.store = Store(make_engine(settings.database_url.get_secret_value()))
        self.replays = Replays(timedelta(hours=settings.replay_hours))
        self.ltv = LtvModel.load(settings.model)

    @bentoml.on_deployment  # type: ignore[untyped-decorator]
    @staticmethod
    def prepare() -> None:
        """Before any worker starts: migrate the database, and prove that the model loads."""
        try:
            settings = load_settings()
            # A Bento's workers run in its own folder, where a relative path means another file.
            url = absolute(settings.database_url.get_secret_value())
            os.environ["DATABASE_URL"] = url
            engine = make_engine(url)
            migrate.upgrade(engine, wait_seconds=settings.database_wait)
            store = Store(engine)
            with store.writing() as session:
                Replays(timedelta(hours=settings.replay_hours)).prune(session)
            store.close()
            LtvModel.load(settings.model)
        except ValueboxError as error:
            raise SystemExit(f"valuebox cannot start: {error}") from None

    async def __is_ready__(self) -> bool:
        """Ready while the database answers, with the tables that this version needs."""
        return await anyio.to_thread.run_sync(migrate.is_current, self.store.engine)

    @bentoml.on_shutdown  # type: ignore[untyped-decorator]
    def close(self) -> None:
        """Give the database connections back."""
        self.store.close()


ValueBox.add_asgi_middleware(Guard, settings=load_settings)  # type: ignore[attr-defined]
ValueBox.add_asgi_middleware(TruthfulDocs)  # type: ignore[attr-defined]


def _quiet_logs() -> None:
    logging.getLogger("bentoml._internal.server.http_app").addFilter(QuietRefusals())
