"""What to do with the advertising money, in a sentence or two."""

from collections.abc import Sequence
from typing import Final

from valuebox.compartments.growth.loaded.money import Measure
from valuebox.compartments.growth.spending.campaigns import By, Campaign
from valuebox.statistics.shuffling import FEWEST

_LIKELY: Final = 0.5
_SURELY: Final = 2.0
"""Times its cost that a campaign has to bring where its worth has no interval."""
_UNITS: Final[dict[By, str]] = {
    "customer": "a customer",
    "spend": "a unit of spend",
    "net": "a customer after spend",
}


def advise(found: Sequence[Campaign], by: By, measure: Measure) -> str:
    """Say which campaign to put more or less on, if any, and whether it pays at all.

    Args:
        found: Campaigns, the most worth first.
        by: What they are compared by.
        measure: Whether amounts are revenue or profit.
    """
    judged = [one for one in found if one.best is not None]
    if len(judged) < 2:
        enough = f" of at least {FEWEST} customers" if len(found) > 1 else ""
        return f"There are no two campaigns{enough} to choose between."
    first, last, unit = judged[0], judged[-1], _UNITS[by]
    chance = f"it is the best with probability {first.best or 0.0:.0%}"
    leads = first.is_different and (first.best or 0.0) > _LIKELY
    if all(_loses(one, by) for one in judged):
        return (
            f"Spend less: no campaign earns back what it costs. {first.name} leads with "
            f"{first.worth:,.2f} {unit}."
        )
    # One of several good ones is above the mean of all, too, without being the best.
    if leads and _pays(first, by):
        return (
            f"Put more on {first.name}: {first.worth:,.2f} {unit}, more than the others beyond "
            f"chance; {chance}.{_margin(first, measure)}"
        )
    if leads:
        return (
            f"{first.name} brings more than the others beyond chance, {first.worth:,.2f} {unit}, "
            "but does not surely earn back what it costs: do not put more on it before that is "
            "known."
        )
    if last.is_different:
        return (
            f"Put less on {last.name}: {last.worth:,.2f} {unit}, less than the others beyond "
            "chance."
        )
    return (
        f"No campaign differs from the others beyond chance, per {unit.split(' ', 1)[1]}: "
        f"{first.name} leads with {first.worth:,.2f}, and {chance.removeprefix('it ')}. "
        f"Keep spreading.{_margin(first, measure)}"
    )


def _margin(one: Campaign, measure: Measure) -> str:
    """From which margin on a campaign pays, where only its revenue is known."""
    if measure == "profit" or not one.spend or one.revenue <= one.spend:
        return ""
    return f" It pays with a margin above {one.spend / one.revenue:.0%}: `--margin` says yours."


def _pays(one: Campaign, by: By) -> bool:
    """Whether a campaign surely earns back what it costs, or costs nothing that was told."""
    low = one.worth / _SURELY if one.worth_lower is None else one.worth_lower
    return low >= _even(one, by)


def _loses(one: Campaign, by: By) -> bool:
    """Whether a campaign surely does not earn back what it costs."""
    high = one.worth * _SURELY if one.worth_upper is None else one.worth_upper
    return high < _even(one, by)


def _even(one: Campaign, by: By) -> float:
    """The `worth` with which a campaign neither wins nor loses."""
    if by == "customer":
        return one.cost_of_customer or 0.0
    return 1.0 if by == "spend" else 0.0
