"""HTML from what was read; every text that was sent is escaped where it is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

from jinja2 import Environment
from pydantic import BaseModel
from starlette.responses import HTMLResponse, Response

from valuebox.compartments.contract import Look, Page
from valuebox.compartments.register import ledgers, own_pages
from valuebox.dashboard import calibration, charts, panels
from valuebox.dashboard.documents import packed
from valuebox.dashboard.overview import Card
from valuebox.dashboard.own import SHARED
from valuebox.dashboard.reading import MAX_JUDGED, Frame
from valuebox.pages.ranges import in_rows
from valuebox.pages.readable import change, compact
from valuebox.pages.rendering import digest, environment, style
from valuebox.pages.tables import WRITTEN, Table
from valuebox.predictions.sums.answers import FeatureDrift
from valuebox.schemas.queries import write_query
from valuebox.serving.errors import Error
from valuebox.statistics.psi import SHIFT, WATCH
from valuebox.statistics.rates import LEVEL
from valuebox.store.replica import Source

_PRESETS: Final = {"30 days": 30, "90 days": 90, "a year": 365}
_WORST: Final = 10
_MONTH: Final = len("2019-07")
PRIVATE: Final = {
    # Charts and filters are for whoever is signed in, and for nobody who comes after.
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True)
class Viewer:
    """Whoever looks at the dashboard, and which model answers now."""

    served: str | None
    """Tag of the model that answers what is shown now, if any does."""
    is_signed_in: bool
    source: Source
    """Where what is shown was read."""


def view(over: Frame, found: Mapping[str, Sequence[Any]], viewer: Viewer) -> HTMLResponse:
    """The dashboard."""
    cohorts = found["cohorts"]
    judged = [one.is_inside for one in cohorts if one.is_inside is not None]
    drifts = [one for one in found["drift"] if one.period is None]
    outside = panels.WORST.listed(found["worst"])
    worst = outside[:_WORST]
    ledger = over.ledger
    write = charts.share if ledger.is_share else compact
    return _html(
        "view.html",
        over=over,
        viewer=viewer,
        found=found,
        words=ledger.words,
        mean=WRITTEN[panels.mean_kind(ledger)],
        difference=WRITTEN[panels.difference_kind(ledger)],
        panels={name: panel.table(ledger) for name, panel in panels.shown(ledger).items()},
        presets=_presets(over),
        inside=sum(judged) / len(judged) if judged else None,
        judged=len(judged),
        nominal=LEVEL,
        over_time=charts.over_time(cohorts, write),
        compared=list(zip(found["segments"], in_rows(found["segments"]), strict=True)),
        worst=list(zip(worst, in_rows(worst), strict=True)),
        outside=len(outside),
        judged_worst=len(found["worst"]),
        most_judged=MAX_JUDGED,
        known_by="month" if all(len(one.period) == _MONTH for one in found["worst"]) else "day",
        tenths=calibration.by_tenth(found.get("calibration", ())),
        lifted=calibration.over_time(found.get("lifts", ())),
        sizes=charts.by_size(found["predictions"], write),
        days=charts.by_day(found["arrivals"], *over.arrival_days) if over.arrival_days else None,
        drifts=drifts,
        moved=[one for one in drifts if level(one) != "calm"],
        months=_by_month(found["drift"]),
        longest=max(SHIFT * 1.2, *(one.psi for one in drifts)) if drifts else 1,
        now=datetime.now(UTC),
        watch=WATCH,
        shift=SHIFT,
    )


def overview(cards: Sequence[Card], now: datetime, viewer: Viewer) -> HTMLResponse:
    """The front page, whose ages are told at a moment."""
    return _html("overview.html", cards=cards, now=now, viewer=viewer)


def own(name: str, page: Page, asked: BaseModel, look: Look, viewer: Viewer) -> HTMLResponse:
    """A page of a compartment's own; `asked` is what the query of its address says."""
    return _html(
        f"{name}.html",
        package=page.package,
        name=name,
        title=page.title,
        root="../",
        viewer=viewer,
        asked=asked,
        query=write_query(asked),
        tables={table.name: table for table in page.tables},
        rows=look.rows,
        now=datetime.now(UTC),
        **look.values,
    )


def forgotten(
    whose: str, source: str | None, gone: Mapping[str, int], is_scrubbed: bool, viewer: Viewer
) -> HTMLResponse:
    """What was deleted of somebody.

    Args:
        whose: Id of the user, customer or visitor.
        source: Where customers and visitors are from; None for users.
        gone: How many rows were deleted, by what they are.
        is_scrubbed: Whether no copy of them is left beside an SQLite file.
        viewer: Whoever looks.
    """
    return _html(
        "forgotten.html",
        whose=whose,
        source=source,
        gone=gone,
        is_scrubbed=is_scrubbed,
        viewer=viewer,
        root="../../",
    )


def attached(table: Table, found: Sequence[Any]) -> Response:
    """A table as CSV, for a browser to keep."""
    name = f'attachment; filename="valuebox-{table.name}.csv"'
    headers = {**PRIVATE, "Content-Disposition": name}
    return Response(table.csv(found), headers=headers, media_type="text/csv")


def sign_in(query: str, root: str, message: str | None = None, status: int = 200) -> HTMLResponse:
    """The page that asks for an API key.

    Args:
        query: Of the view that comes after it.
        root: From the page to the folder of the first page.
        message: Why it is asked for again.
        status: Of the answer.
    """
    return _html("sign_in.html", status, query=query, root=root, message=message)


def error(what: Error, root: str, status: int) -> HTMLResponse:
    """The page that says what went wrong; `root` leads to the folder of the first page."""
    return _html("error.html", status, error=what, root=root)


def level(drift: FeatureDrift) -> str:
    """Whether a feature is calm, to be watched, or has shifted; what chance explains is calm."""
    if drift.psi < WATCH or drift.psi <= drift.noise:
        return "calm"
    return "watch" if drift.psi < SHIFT else "shift"


def _by_month(found: Sequence[FeatureDrift]) -> dict[str, dict[str, FeatureDrift]]:
    table: dict[str, dict[str, FeatureDrift]] = {}
    for one in found:
        if one.period is not None:
            table.setdefault(one.feature, {})[one.period] = one
    return table


def _presets(over: Frame) -> dict[str, str]:
    """Queries of the spans that people ask for most."""
    last = over.span.last_day
    if last is None or over.span.first_day is None:
        return {}
    firsts = {name: last - timedelta(days=days - 1) for name, days in _PRESETS.items()}
    firsts["everything"] = over.span.first_day
    return {
        name: over.choice.query(**{"from": first.isoformat(), "to": last.isoformat(), "by": None})
        for name, first in firsts.items()
    }


def _html(
    template: str, status: int = 200, package: str | None = None, **values: Any
) -> HTMLResponse:
    text = _templates(package).get_template(template).render(style=style(), **values)
    policy = (
        f"default-src 'none'; style-src {digest(style())}; img-src data:; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    )
    headers = {**PRIVATE, "Content-Security-Policy": policy}
    return HTMLResponse(text, status, headers)


@cache
def _templates(package: str | None) -> Environment:
    """Templates of the dashboard and, before these, of a package with a page."""
    templates = environment(
        *(() if package is None else (package,)),
        __package__ or "",
        error_of=panels.error_of,
        level=level,
        signed=change,
        after=str.removeprefix,
    )
    templates.globals["documents"] = packed().start
    templates.globals["titles"] = {name: one.title for name, one in ledgers().items()}
    templates.globals["shared_titles"] = {name: one.title for name, one in SHARED.items()}
    templates.globals["own_titles"] = {name: one.title for name, one in own_pages().items()}
    return templates
