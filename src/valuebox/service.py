"""The Bento service: one class that puts the compartments' endpoints together."""

import gc

# Nothing that is imported is garbage: looking for it would take a fifth of the start.
gc.disable()

import os
import secrets
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import bentoml

from valuebox.access import exposure
from valuebox.access.callers import Access
from valuebox.bento import (
    ask_directly,
    collects_spans,
    make_no_client,
    replace_dead_workers,
    running_server,
    start_no_timers,
)
from valuebox.compartments.claims import give, rehearse
from valuebox.compartments.register import (
    compartments,
    expiry,
    former_metrics,
    histories,
    ledgers,
    watched,
)
from valuebox.compartments.served_models import ModelsApi, announce, note, pinned, served_models
from valuebox.dashboard.site import Dashboard
from valuebox.errors import ValueboxError
from valuebox.front.site import Front
from valuebox.predictions.monitoring.gauges import MonitorGauges
from valuebox.predictions.sums.folding import Folding
from valuebox.predictions.upkeep import upkeep
from valuebox.serving import logs, telemetry
from valuebox.serving.dispatch import Dispatch
from valuebox.serving.guard import Guard
from valuebox.serving.openapi import TruthfulDocs
from valuebox.serving.pipeline import Pipeline
from valuebox.serving.proxies import TrustedProxies
from valuebox.serving.replays import Replays
from valuebox.serving.sites import Site
from valuebox.settings import Settings, load_settings, worker_count
from valuebox.store import migrate
from valuebox.store.engine import THREADS, Store, check_connections, make_engine
from valuebox.store.replica import Reads
from valuebox.store.suitability import check_clock
from valuebox.store.urls import absolute
from valuebox.worker import shared_folder
from valuebox.worker.drain import Drain
from valuebox.worker.expiry import Pruning, pruner
from valuebox.worker.pool_use import pool_use
from valuebox.worker.readiness import Readiness
from valuebox.worker.repeating import stop
from valuebox.worker.replica_lag import replica_lag

if sys.platform != "win32":
    from valuebox.serving.bounded_protocol import bound
    from valuebox.serving.connections import Connections, raise_descriptor_limit

DESCRIPTION = "Customer-value models: predictions are stored, and checked when the truth arrives."
# OpenTelemetry's own; `ValueBox.prepare` sets it for the workers.
_NO_TRACES = "OTEL_SDK_DISABLED"
PREDICTING = 2
"""Threads of a worker that predict while rows are on their way."""

gc.freeze()
gc.enable()

start_no_timers()


def _endpoints() -> tuple[type[Any], ...]:
    """The classes that endpoints are inherited from, wherever this module is imported."""
    try:
        return tuple(one.endpoints for one in compartments())
    except ValueboxError as error:
        # Nothing can be served beside a package whose compartment is refused.
        logs.configure()
        logs.refuse_start(error)


@bentoml.service(
    # Not the name of the package: `bentoml serve NAME:TAG` would take that for a module.
    name="valuebox-service",
    description=DESCRIPTION,
    # BentoML counts its workers before any hook runs: the one setting that is read at import.
    workers=worker_count(),
    threads=THREADS,
    # BentoML's own are labelled with whatever path strangers send, and never forget one.
    metrics={"enabled": False},
    http={"host": "127.0.0.1", "port": 3000},
    # The guard writes a line of its own for each request.
    logging={"access": {"enabled": False}},
    tracing={"excluded_urls": "." if os.environ.get(_NO_TRACES) == "true" else None},
)
class ValueBox(*_endpoints(), ModelsApi):  # type: ignore[misc]
    """Customer-value models behind typed JSON endpoints, with everything stored."""

    def __init__(self) -> None:
        settings = load_settings()
        logs.configure(settings.log_level)
        telemetry.begin(settings.workers)
        self.store = Store(make_engine(settings.database_url.get_secret_value()))
        self.reads = _reads(self.store, settings)
        # Whoever starts a worker by itself has not decided, and gets the stricter answer.
        self.access = Access(self.store, "keys" if settings.access == "auto" else settings.access)
        self.aside = ThreadPoolExecutor(PREDICTING, thread_name_prefix="aside")
        replays = _replays(settings)
        self.pipeline = Pipeline(self.store, replays, self.aside)
        self.readiness = Readiness(self.store.engine, histories())
        self.drain = Drain(settings.drain_seconds)
        self.models = served_models(settings)
        for compartment in compartments():
            give(self, compartment, self.models.get(compartment.name))
        self.dispatch = Dispatch(self, THREADS)
        self.monitored = MonitorGauges()
        self.former_metrics = former_metrics()
        self.repeating = (
            pool_use(self.store.engine),
            pruner(Pruning(self.store, settings.keep, expiry(), replays.expiry)),
            upkeep(
                self.store,
                [Folding(self.store, one) for one in ledgers().values()],
                watched(),
                self.monitored,
            ),
            *([replica_lag(self.reads)] if self.reads.has_replica else ()),
            *(work for one in compartments() if one.repeating for work in one.repeating(self)),
        )
        for one in self.repeating:
            one.start()

    @bentoml.on_deployment  # type: ignore[untyped-decorator]
    @staticmethod
    def prepare() -> None:
        """Before any worker starts: migrate the database, and prove that the models load."""
        try:
            logs.configure()
            settings = load_settings()
            logs.configure(settings.log_level)
            replace_dead_workers()
            # A Bento's workers run in its own folder, where a relative path means another file.
            url = absolute(settings.database_url.get_secret_value())
            os.environ["DATABASE_URL"] = url
            if settings.mappings:
                os.environ["VALUEBOX_MAPPINGS"] = str(Path(settings.mappings).absolute())
            engine = make_engine(url)
            migrate.upgrade(engine, settings.database_wait, histories())
            store = Store(engine)
            reads = _reads(store, settings)
            # Says in the log where it does not answer.
            reads.choose()
            reads.close()
            os.environ["VALUEBOX_ACCESS"] = exposure.decide(settings, store)
            if not settings.session_secret.get_secret_value():
                os.environ["VALUEBOX_SESSION_SECRET"] = secrets.token_hex()
            if not collects_spans():
                # Spans that nobody collects take a tenth of the time of a small request.
                os.environ.setdefault(_NO_TRACES, "true")
            if sys.platform != "win32":
                raise_descriptor_limit()
            check_connections(engine, settings.workers)
            shared_folder.prepare()
            models = served_models(settings)
            with ThreadPoolExecutor(1) as aside:
                pipeline = Pipeline(store, _replays(settings), aside)
                has = {"store": store, "pipeline": pipeline, "models": models}
                rehearse(ValueBox.inner, has, compartments(), models)
            with store.writing() as session:
                check_clock(session)
                note(session, models)
            store.close()
            # A worker that starts later, after a crash, answers as the others do.
            os.environ.update(pinned(models))
            announce(models)
        except ValueboxError as error:
            logs.refuse_start(error)

    @bentoml.on_startup  # type: ignore[untyped-decorator]
    def await_signals(self) -> None:
        """In a worker, when its server has signal handlers, and does not listen yet."""
        make_no_client()
        # There uvicorn reads with another class, which has bounds of its own.
        if sys.platform != "win32" and (server := running_server()) is not None:
            settings = load_settings()
            counted = Connections(
                settings.max_connections_per_address, TrustedProxies(settings.trusted_proxies)
            )
            bound(server, counted, settings.keep_alive_seconds)
            if os.environ.get(_NO_TRACES) == "true":
                ask_directly(server, Guard)
        self.drain.install()
        # What is there by now stays as long as the worker: to look through it takes tens of ms.
        gc.collect()
        gc.freeze()

    async def __is_ready__(self) -> bool:
        """Ready until it is told to stop, while the database answers as this version needs it."""
        return not self.drain.begun and await self.readiness.check()

    @bentoml.on_shutdown  # type: ignore[untyped-decorator]
    def close(self) -> None:
        """Finish what is being deleted or added up, and give the database connections back."""
        stop(*self.repeating)
        self.dispatch.close()
        self.aside.shutdown()
        self.access.close()
        self.reads.close()
        self.store.close()
        telemetry.end()


def _replays(settings: Settings) -> Replays:
    return Replays(timedelta(hours=settings.replay_hours))


def _reads(store: Store, settings: Settings) -> Reads:
    return Reads(store, settings.read_url.get_secret_value(), histories())


def _sites(settings: Settings, running: Callable[[], ValueBox]) -> tuple[Site, ...]:
    return Front(), Dashboard.of(settings, running)


ValueBox.add_asgi_middleware(
    Guard, settings=load_settings, running=bentoml.get_current_service, sites=_sites
)
ValueBox.add_asgi_middleware(TruthfulDocs)
