"""What stored forecasts show: figures by class of leads, and tests that leave chance in peace.

A bad match is chance, and so is a bad week. Errors of a week are alike, so that weeks are counted:
sums of them (CUSUM) raise a false alarm once in `WEEKS` weeks each. Shares are tested so that
chance alone is told once in 1,000 runs.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final

import numpy as np
from sqlalchemy.orm import Session

from valuebox.compartments.handle.baselines import NAMES
from valuebox.compartments.handle.book import DAY
from valuebox.compartments.handle.prior import BREAKS
from valuebox.compartments.handle.recipe import LEADS
from valuebox.compartments.handle.scoring import PREVIOUS, figures
from valuebox.compartments.handle.watching.inputs import inputs
from valuebox.compartments.handle.watching.signals import Signal, of_share
from valuebox.compartments.handle.watching.vintages import Vintages, read_vintages
from valuebox.compartments.handle.watching.weekly import standardised, weekly_bets, weekly_errors
from valuebox.predictions.ledger import Ledger
from valuebox.predictions.monitoring.results import Evidence, Figure
from valuebox.predictions.sums.models import known_model
from valuebox.statistics.sequential import cusum, cusum_limit

WEEKS: Final = 1_000.0
"""Weeks in which a sum of errors raises one false alarm, on average."""
BETS: Final = "bets"
"""Name of what weeks move by in bets so far, beside those of the classes of leads."""
_LEAST: Final = 3
"""Weeks with forecasts that it takes to say anything: a single sum needs as many for an alarm."""
_LATE: Final = 28 * DAY
"""For how long a break of the level is told."""
_AGREEING: Final = 3
"""Loads one after another whose evidence of a break is averaged."""
_BROKEN: Final = 3.4
"""Mean evidence of a break in powers of ten that chance exceeds once in `WEEKS` weeks: by the tail
of what the model said of 241 weeks of simulated sportsbooks in which nothing moved."""
_OUTSIDE: Final = 0.1
"""Share of handles that intervals are meant to miss."""
_ALIKE: Final = 0.3
"""Correlation of what is missed within a week that is reckoned with."""


def evidence(
    session: Session, ledger: Ledger, first: date, last: date, model: str | None
) -> Evidence:
    """What forecasts of matches of some days show; see `Ledger.evidence`."""
    said = read_vintages(session, first, last, model)
    judged = said.judged()
    signals = list(inputs(session))
    weeks, unknown = len(np.unique(said.week)), None
    if weeks < _LEAST:
        unknown = (
            f"forecasts are of {weeks} weeks, and it takes {_LEAST} to tell change from chance"
        )
    else:
        tag = model or _newest_model(session, ledger)
        moves = known_model(session, ledger, tag).learned or {} if tag else {}
        if BETS not in moves:
            unknown = f"nothing is known of how far weeks move by {tag}; train again"
        signals += signals_of(said, moves)
    found = [
        Figure(name=name, segment=lead, value=value)
        for lead, of_lead in figures(judged.as_judged()).items()
        for name, value in _named(of_lead).items()
    ]
    return Evidence(
        [*found, *_revisions(said), *(one.told for one in signals)],
        [one.finding for one in signals],
        unknown,
    )


def _named(of_lead: Mapping[str, float]) -> dict[str, float]:
    """Figures by what people call them, with what forecasts are better by than others (WAPE)."""
    found = {name: of_lead[name] for name in ("forecasts", "wape", "bias", "inside", "score")}
    for name in (*NAMES, PREVIOUS):
        if name in of_lead:
            ours = of_lead["renewed" if name == PREVIOUS else "wape"]
            found[f"wape of {_spoken(name)}"] = of_lead[name]
            found[f"gain over {_spoken(name)}"] = of_lead[name] - ours
    return found


def _spoken(name: str) -> str:
    return name.replace("_", " ")


def signals_of(said: Vintages, moves: Mapping[str, float]) -> list[Signal]:
    """All signs of change that are looked for in forecasts.

    Args:
        said: The forecasts.
        moves: By how much weeks move, in logarithms, by class of leads and of `BETS`; of what is
            not there nothing is tested.
    """
    judged = said.judged()
    return [
        *(*_biases(judged, moves), *_early(said, moves), *_broken(said)),
        *(*_missed(judged), *_worse(judged), *_foretold(said)),
    ]


def _newest_model(session: Session, ledger: Ledger) -> str | None:
    query = ledger.select(ledger.model).order_by(ledger.id.desc()).limit(1)
    found: str | None = session.scalar(query)
    return found


def _biases(judged: Vintages, moves: Mapping[str, float]) -> Iterator[Signal]:
    """Whether handles are above or below their forecasts, week after week."""
    limit = cusum_limit(WEEKS)
    for lead in LEADS:
        rows = judged.take(judged.lead == lead)
        if len(rows) and moves.get(lead):
            errors = weekly_errors(rows.week, rows.actual, rows.forecast)
            moved = cusum(standardised(errors, moves[lead]))
            yield Signal("weeks off", abs(moved), limit, moved, lead)


def _early(said: Vintages, moves: Mapping[str, float]) -> Iterator[Signal]:
    """Whether bets come in as was foretold, before any match is over."""
    if not moves.get(BETS):
        return
    errors = weekly_bets(said.week, said.known, said.before_bets, said.known_share)
    if errors:
        moved = cusum(standardised(errors, moves[BETS]))
        newest = float(np.exp(errors[max(errors)]))
        yield Signal("bets so far", abs(moved), cusum_limit(WEEKS), newest)


def _broken(said: Vintages) -> Iterator[Signal]:
    """Whether all betting has changed within days, at some time of late.

    What is likelier by a factor because of the bets is by chance as likely once in as many times
    (Ville's inequality), if the model is right. It is not quite: a weekend unlike others looks like
    a change until the next loads, so that what several loads tell is averaged.
    """
    late = said.take(said.loaded_to > said.loaded_to.max() - _LATE) if len(said) else said
    late = late.take(np.isfinite(late.broken))
    likely = [late.broken[late.loaded_to == at].max() for at in np.unique(late.loaded_to)]
    if len(likely) < _AGREEING:
        return
    sure = np.clip(np.array(likely), 1e-12, 1 - 1e-12)
    powers = np.log10(sure / (1 - sure) * (1 - BREAKS) / BREAKS)
    agreed = np.convolve(powers, np.full(_AGREEING, 1 / _AGREEING), "valid")
    yield Signal("broken level", max(0.0, float(agreed.max())), _BROKEN, float(sure.max()))


def _missed(judged: Vintages) -> Iterator[Signal]:
    """Whether intervals miss more than they are meant to."""
    for lead in LEADS:
        rows = judged.take(judged.lead == lead)
        if not len(rows):
            continue
        outside = (rows.actual < rows.lower) | (rows.actual > rows.upper)
        a_week = len(rows) / len(np.unique(rows.week))
        # So many that know nothing of each other know as much (Kish's design effect).
        alone = len(rows) / (1 + (a_week - 1) * _ALIKE)
        share = float(outside.mean())
        yield of_share("missed by intervals", share * alone, alone, _OUTSIDE, lead)


def _worse(judged: Vintages) -> Iterator[Signal]:
    """In how many weeks simple forecasts, and those before, were nearer than the model."""
    for name in (*NAMES, PREVIOUS):
        rows = judged.take(np.isfinite(getattr(judged, name)))
        if not len(rows):
            continue
        theirs = np.abs(getattr(rows, name) - rows.actual)
        ours = np.abs(rows.forecast - rows.actual)
        weeks = np.unique(rows.week)
        worse = sum(theirs[rows.week == one].sum() < ours[rows.week == one].sum() for one in weeks)
        yield of_share(f"weeks worse than {_spoken(name)}", worse, len(weeks), 0.5)


def _foretold(said: Vintages) -> Iterator[Signal]:
    """Whether a revision of a forecast can be foretold from the one before, by its side.

    What is known is in a forecast already, if it is a good one: its next revision is as likely up
    as down (Nordhaus, Forecasting efficiency, Review of Economics and Statistics 69, 1987).
    """
    before, then, week = _pairs(said)
    sides = [np.sign((before * then)[week == one].sum()) for one in np.unique(week)]
    same, other = sum(side > 0 for side in sides), sum(side < 0 for side in sides)
    if same + other:
        slope = float((before * then).sum() / max(float((before**2).sum()), 1e-12))
        # Either side is evidence: a half each.
        found = of_share("foretold revisions", max(same, other), same + other, 0.5, told=slope)
        yield found._replace(evidence=max(found.evidence - float(np.log10(2)), 0.0))


def _revisions(said: Vintages) -> Iterator[Figure]:
    """How large revisions from load to load are, in the middle, by class of leads."""
    size = np.abs(said.forecast / said.previous - 1)
    for lead in ("all", *LEADS):
        rows = np.isfinite(size) & ((said.lead == lead) | (lead == "all"))
        if rows.any():
            yield Figure(name="revision", segment=lead, value=float(np.median(size[rows])))


def _pairs(said: Vintages) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Revisions that follow on each other, in logarithms, and the week of the match of each."""
    last: dict[str, float] = {}
    pairs = []
    revised = np.log(said.forecast / said.previous)
    for row, match in enumerate(said.match):
        if np.isfinite(revised[row]):
            if match in last:
                pairs.append((last[match], float(revised[row]), float(said.week[row])))
            last[match] = float(revised[row])
    found = np.array(pairs).reshape(-1, 3)
    return found[:, 0], found[:, 1], found[:, 2]
