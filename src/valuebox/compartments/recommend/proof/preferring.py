"""What an interleaved experiment has shown, in words."""

from collections.abc import Sequence
from typing import Final

from valuebox.compartments.recommend.proof.schemas import Arm, Kind, Preference, Verdict
from valuebox.compartments.recommend.proof.sentences import sizes
from valuebox.pages.readable import count, interval, percent, visible
from valuebox.statistics.rates import LEVEL
from valuebox.statistics.sample_ratio import RatioMismatch

_SILENT: Final = (
    "It says nothing of conversion, of orders, or of how long visitors stay: these take arms."
)


def preference_verdict(
    found: Preference, arms: Sequence[Arm], mismatch: RatioMismatch | None
) -> Verdict:
    """Say which ranking is clicked more.

    Args:
        found: What sessions prefer.
        arms: All arms, of which the sizes are told.
        mismatch: Whether they are as large as meant; None without sessions.
    """
    details = _details(found)
    if mismatch is not None:
        details.append(sizes(arms, mismatch))
    kind, said = _said(found, mismatch is not None and mismatch.is_mismatch)
    return Verdict(arm=found.second, kind=kind, headline=said, details=details)


def _said(found: Preference, is_mismatch: bool) -> tuple[Kind, str]:
    first, second = visible(found.first), visible(found.second)
    whom = f"of {count(found.sessions)} sessions that clicked"
    if is_mismatch:
        return "no verdict", (
            "No verdict: there are not as many interleaved sessions beside those held back as "
            "chance was meant to make them, so that some were lost. Find out which, and why, "
            "before any click is believed."
        )
    if found.began is not None and found.began.is_mismatch:
        return "no verdict", (
            "No verdict: one ranking began more lists than a coin would have let it, so that some "
            "lists were lost. Find out which, and why, before any click is believed."
        )
    if found.share is None or found.state == "too few":
        return "open", f"Too few sessions with a click to tell: {count(found.sessions)}. {_SILENT}"
    share, other = (percent(one, decimals=1) for one in (found.share, 1 - found.share))
    if found.state == "second":
        return "clicked more", (
            f"Visitors prefer {second} to {first} lists: {share} {whom}, where a half would be no "
            f"difference. {_SILENT}"
        )
    if found.state == "first":
        return "clicked less", (
            f"Visitors prefer {first} to {second} lists: {other} {whom}, where a half would be no "
            f"difference. {_SILENT}"
        )
    return "open", f"Not told apart yet: {share} {whom} prefer {second} lists. {_SILENT}"


def _details(found: Preference) -> list[str]:
    first, second = visible(found.first), visible(found.second)
    ties = found.sessions - found.for_first - found.for_second
    details = [
        f"Sessions that clicked more items of one ranking: {second} {count(found.for_second)}, "
        f"{first} {count(found.for_first)}; as many of either: {count(ties)}, which count half.",
        f"Clicks credited to whoever picked the item: {second} {count(found.clicks[1])}, {first} "
        f"{count(found.clicks[0])}; "
        + (
            "those alone that the shop tells."
            if found.is_told
            else "inferred, as the shop tells none, which flatters the ranking whose items are "
            "looked at anyway."
        ),
    ]
    if found.share is not None:
        details.append(
            f"Share of sessions that prefer {second}: {percent(found.share, decimals=1)}; single "
            f"look {interval(found.lower, found.upper, percent)} ({percent(LEVEL)}, by session); "
            f"all looks {interval(found.always_lower, found.always_upper, percent)}"
            + ("." if found.since is None else f"; proven since {found.since} by the daily look.")
        )
    if found.began is not None:
        details.append(
            f"Which ranking began the first list of a session, beside a coin: p "
            f"{found.began.p_value:.2g}."
        )
    return details
