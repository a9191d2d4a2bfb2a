"""What `valuebox offers evaluate` prints."""

from valuebox.compartments.offers.evaluation.estimates import Estimate, Evaluation
from valuebox_cli.terminal.console import err, out
from valuebox_cli.terminal.tabular import print_table

_NONE = "-"


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
