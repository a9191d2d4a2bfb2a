"""`valuebox offers evaluate`: what it reads, and what it prints."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import true

from valuebox.compartments.offers.evaluation.estimates import Estimate, Evaluation
from valuebox.compartments.offers.evaluation.fixed import evaluate_fixed
from valuebox.compartments.offers.evaluation.parts import Part
from valuebox.compartments.offers.evaluation.stored import HeldLog, evaluate_stored
from valuebox.compartments.offers.model import load
from valuebox.compartments.offers.reading import read
from valuebox.compartments.offers.tables import OfferDecision
from valuebox.facts.scanning import begin
from valuebox.store.engine import Store
from valuebox_cli.offers.logs import Columns, read_log
from valuebox_cli.terminal.console import err, out
from valuebox_cli.terminal.tabular import print_table

_NONE = "-"


class Question(NamedTuple):
    """What is asked of decisions in a database."""

    part: Part
    cap: float | None
    functions: Mapping[str, Callable[..., Any] | None]
    """Policies by name; None for those that need no function."""
    models: Sequence[str]
    """Tags of models."""


def by_file(
    log: Path,
    columns: Columns,
    functions: Mapping[str, Callable[..., Any] | None],
    cap: float | None,
) -> Evaluation:
    """Say what policies would have earned by a log in a file."""
    return evaluate_fixed(read_log(log, columns), functions, cap)


def by_database(
    store: Store, now: datetime, since: datetime | None, question: Question
) -> Evaluation:
    """Say what policies would have earned by the decisions in a database.

    Args:
        store: The database.
        now: Decisions and events before this moment are looked at.
        since: Earliest moment of decisions; None for all.
        question: What is asked.
    """
    models = [load(tag) for tag in question.models]
    with store.reading() as session:
        connection = session.connection()
        begin(connection)
        which = true() if since is None else OfferDecision.at >= since
        _, decisions = read(connection, now, which)
    held = HeldLog.of(decisions, question.part, question.cap)
    return evaluate_stored(held, question.functions, models)


def tell(found: Evaluation) -> None:
    """Print what policies would have earned, and what speaks against believing it."""
    print_table(
        f"earned by each of {found.decisions:,} decisions of {found.players:,} players"
        + ("" if found.cap is None else f", up to {found.cap:g}"),
        ["policy", "robust", "from", "to", "more", "from", "to", "IPS", "SNIPS", "direct"],
        [
            (
                one.policy,
                *_with_ends(one.doubly_robust),
                *_with_ends(one.difference),
                *map(_value, (one.ips, one.snips, one.direct)),
            )
            for one in found.policies
        ],
        caption="robust: doubly robust; more: than was served; from, to: 90 % intervals",
    )
    out.print()
    print_table(
        "how much of each policy is in the log",
        ["policy", "effective", "largest", "never", "outside", "weight"],
        [
            (
                one.policy,
                f"{one.overlap.effective_decisions:,.0f}",
                f"{one.overlap.largest_weight_share:.2%}",
                f"{one.overlap.never_chosen:.1%}",
                f"{one.overlap.unsupported:.1%}",
                f"{one.overlap.mean_weight:.3f}",
            )
            for one in found.policies
        ],
        caption="effective: as many decisions of its own would tell as much; largest: weight of "
        "one decision; never: decisions whose choice it would not make; outside: choices of its "
        "own that are not in the log; weight: on average, and 1 but for chance",
    )
    for one in found.policies:
        if one.told:
            out.print(f"{one.policy}: {one.told}", soft_wrap=True)
        for line in (one.refused, *one.overlap.warnings):
            if line:
                err.print(f"{one.policy}: {line}", style="yellow", soft_wrap=True)
    if reason := next((one.no_interval for one in found.policies if one.no_interval), None):
        err.print(f"no intervals: {reason}", style="yellow", soft_wrap=True)


def nothing_known(found: Evaluation) -> bool:
    """Whether the log can tell of no policy but the one that was served."""
    return all(one.refused for one in found.policies[1:] or found.policies)


def _with_ends(estimate: Estimate | None) -> tuple[str, str, str]:
    if estimate is None or estimate.lower is None or estimate.upper is None:
        return _value(estimate), _NONE, _NONE
    return _value(estimate), f"{estimate.lower:.4g}", f"{estimate.upper:.4g}"


def _value(estimate: Estimate | None) -> str:
    return _NONE if estimate is None else f"{estimate.value:.4g}"
