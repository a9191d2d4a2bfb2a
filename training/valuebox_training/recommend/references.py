"""References of the literature, written as their papers describe them: plain and slow.

AR, SR, SKNN and V-SKNN are of Ludewig and Jannach (Evaluation of session-based recommendation
algorithms, 2018), STAN of Garg and others (Sequence and time aware neighborhood for session-based
recommendations, 2019).
"""

from collections import Counter, defaultdict
from math import exp, log, sqrt

import numpy as np

from valuebox.compartments.recommend.ranking.clicks import Clicks
from valuebox.compartments.recommend.ranking.setting import DAY

Scores = dict[int, float]
"""How much each item is recommended, by its code; what is not there is not recommended."""


class Popular:
    """How many clicks each item has, be it of the last day."""

    def __init__(self, clicks: Clicks, lately: bool = False):
        late = clicks.times > (clicks.times.max(initial=0.0) - DAY if lately else -np.inf)
        counts = Counter(clicks.items[late].tolist())
        self._scores: Scores = {item: float(count) for item, count in counts.most_common(50)}

    def scores(self, seen: list[int]) -> Scores:
        """What every visitor is told."""
        return self._scores


class Rules:
    """Items of the same session (AR), or within ten clicks after, the nearer the heavier (SR)."""

    def __init__(self, clicks: Clicks, in_order: bool):
        rules: dict[int, dict[int, float]] = defaultdict(lambda: defaultdict(float))
        for items in _grouped(clicks):
            for place, item in enumerate(items):
                if in_order:
                    for step, after in enumerate(items[place + 1 : place + 11], start=1):
                        rules[item][after] += 1 / step
                else:
                    for other in items[:place] + items[place + 1 :]:
                        rules[item][other] += 1
        self._rules = rules

    def scores(self, seen: list[int]) -> Scores:
        """What goes with the last item."""
        return self._rules.get(seen[-1], {})


class Neighbours:
    """SKNN, V-SKNN or STAN: sessions with items in common, of the latest thousand of each."""

    def __init__(self, clicks: Clicks, kind: str, neighbours: int = 500, latest: int = 1000):
        self._kind, self._neighbours = kind, neighbours
        self._sessions = _grouped(clicks)
        self._ended = clicks.ended.tolist()
        self._sets = [set(items) for items in self._sessions]
        self._of: dict[int, list[int]] = defaultdict(list)
        for place, items in enumerate(self._sets):
            for item in items:
                self._of[item].append(place)
        count = len(self._sessions)
        self._idf = {item: log(count / len(own)) for item, own in self._of.items()}
        self._of = {item: own[-latest:] for item, own in self._of.items()}
        self._now = max(self._ended, default=0.0)

    def scores(self, seen: list[int]) -> Scores:
        """Sum over the sessions that are most alike."""
        weights = self._weights(seen)
        found: dict[int, float] = defaultdict(float)
        for item, weight in weights.items():
            for place in self._of.get(item, ()):
                found[place] += weight
        alike = {
            place: weight / sqrt(len(self._sets[place])) * self._age(place)
            for place, weight in found.items()
        }
        best = sorted(alike, key=lambda place: (-alike[place], -self._ended[place]))
        scores: Scores = defaultdict(float)
        order = {item: ago for ago, item in reversed(list(enumerate(reversed(seen))))}
        for place in best[: self._neighbours]:
            self._add(scores, alike[place], place, order)
        if self._kind == "V-SKNN":
            return {item: score * self._idf[item] for item, score in scores.items()}
        return scores

    def _weights(self, seen: list[int]) -> dict[int, float]:
        count = len(seen)
        if self._kind == "SKNN":
            return dict.fromkeys(seen, 1.0)
        if self._kind == "V-SKNN":
            return {item: (place + 1) / count for place, item in enumerate(seen)}
        return {item: exp((place + 1 - count) / 2) for place, item in enumerate(seen)}

    def _age(self, place: int) -> float:
        if self._kind != "STAN":
            return 1.0
        return exp((self._ended[place] - self._now) / (80 * DAY))

    def _add(self, scores: Scores, weight: float, place: int, ago: dict[int, int]) -> None:
        items = self._sets[place]
        if self._kind == "SKNN":
            for item in items:
                scores[item] += weight
            return
        newest = min(ago[item] for item in items if item in ago)
        if self._kind == "V-SKNN":
            fading = max(1 - 0.1 * newest, 0.0)
            for item in items:
                scores[item] += weight * fading
            return
        own = self._sessions[place]
        common = next(item for item in own if ago.get(item) == newest)
        where = {item: at for at, item in enumerate(own)}
        for item in items:
            scores[item] += weight * exp(-abs(where[item] - where[common]) / 4)


def _grouped(clicks: Clicks) -> list[list[int]]:
    """Items of each session in order of time."""
    return [one.tolist() for one in np.split(clicks.items, clicks.begins[1:-1])]
