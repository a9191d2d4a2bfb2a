"""Handle at a glance: beside the best of the simple forecasts that are stored with each."""

from dataclasses import replace
from typing import Any, Final

from sqlalchemy.orm import Session

from valuebox.compartments.briefs import Brief, Standing, brief_of_ledger
from valuebox.compartments.handle.ledger import LEDGER
from valuebox.compartments.handle.reading import newest_load
from valuebox.compartments.handle.scoring import ALL, PREVIOUS
from valuebox.pages.readable import count, percent
from valuebox.predictions.monitoring.keeping import latest

_SIMPLE: Final = "wape of "
"""What names of figures begin with that tell the error of another forecast."""
_FORMER: Final = f"{_SIMPLE}{PREVIOUS}"


def brief(session: Session, _service: Any, least: int) -> Brief:
    """What forecasts tell at a glance; see `Compartment.brief`."""
    found = brief_of_ledger(session, LEDGER, least)
    loaded, _ = newest_load(session)
    return replace(
        found,
        fresh={"warehouse loaded": loaded, **found.fresh},
        standing=_standing(session, least),
        untold="Errors beside simple forecasts are counted by `valuebox monitor --compartment "
        "handle`, once matches are over.",
    )


def _standing(session: Session, least: int) -> Standing | None:
    result = latest(session, LEDGER.sums.monitor_results)
    if result is None:
        return None
    figures = {one.name: one.value for one in result.figures if one.segment == ALL}
    others = {
        name.removeprefix(_SIMPLE): value
        for name, value in figures.items()
        if name.startswith(_SIMPLE) and name != _FORMER
    }
    forecasts = int(figures.get("forecasts", 0))
    if "wape" not in figures or not others or forecasts < max(least, 1):
        return None
    best, error = min(others.items(), key=lambda one: one[1])
    if error <= 0:
        return None
    less = 1 - figures["wape"] / error
    return Standing(
        f"{percent(abs(less))} {'smaller' if less >= 0 else 'larger'} error",
        f"than that of {best}, the best of {len(others)} simple forecasts of the same "
        f"{count(forecasts)}, as of the last `valuebox monitor`.",
        "better" if less > 0 else "worse",
    )
