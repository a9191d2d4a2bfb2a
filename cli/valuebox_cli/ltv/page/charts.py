"""Pictures of deciles and contributions: where their marks lie."""

from collections.abc import Sequence
from typing import Final

from valuebox.models.contributions import Contributions, FeatureContribution
from valuebox.pages.bars import lying
from valuebox.pages.marks import BOTTOM, LEFT, RIGHT, TOP, Axes, Bar, BarChart, Rows, Tick, ticks
from valuebox.pages.readable import count, index
from valuebox.pages.scales import Scale, nice
from valuebox.statistics.scores import Decile

_WIDTH: Final = 0.38
"""Of a bar, as a share of the room of its decile."""


def deciles(found: Sequence[Decile]) -> BarChart:
    """Two bars for each tenth of the users: what was predicted, and what came true."""
    values = [value for one in found for value in (one.predicted, one.actual)]
    down = nice(min(0.0, *values), max(0.0, *values))
    scale = Scale(down[0], down[-1], BOTTOM, TOP)
    step = (RIGHT - LEFT) / len(found)
    bars, across = [], []
    for number, one in enumerate(found):
        middle = LEFT + (number + 0.5) * step
        across.append(Tick(round(middle, 3), str(one.decile)))
        said = (
            f"decile {one.decile}: {index(one.predicted)} predicted, "
            f"{index(one.actual)} actual, {count(one.users)} users"
        )
        for colour, value in enumerate((one.predicted, one.actual)):
            left = middle + (colour - 1) * _WIDTH * step
            top, foot = sorted((scale(0.0), scale(value)))
            width, height = round(_WIDTH * step, 3), round(foot - top, 3)
            bars.append(Bar(round(left, 3), width, top, height, colour, said))
    return BarChart(Axes(ticks(down, scale), across), bars, series=("predicted", "actual"))


def features(of: Contributions) -> Rows | None:
    """How far each feature shifts predictions, the furthest first."""
    bars = [(one.feature, [one.mean_absolute]) for one in of.features]
    return lying(bars, ["mean absolute contribution"], write=index)


def values_of(feature: FeatureContribution) -> Rows | None:
    """How far each value of a feature shifts predictions: to the left it lowers them."""
    bars = [(one.value, [one.mean]) for one in feature.values]
    users = [f"{count(one.users)} users" for one in feature.values]
    return lying(bars, ["mean contribution"], write=index, more=users)
