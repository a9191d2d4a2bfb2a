"""Neighbours and rules in plain Python, as their description reads, without any index."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from valuebox.compartments.recommend.ranking.setting import Setting


class Click(NamedTuple):
    session: int
    item: str
    time: float


class Visit(NamedTuple):
    ended: float
    key: int
    clicks: tuple[str, ...]
    started: float

    @property
    def items(self) -> list[str]:
        """Different items by their last click."""
        return list(dict.fromkeys(reversed(self.clicks)))[::-1]


def visits(clicks: Sequence[Click], setting: Setting) -> list[Visit]:
    by_key: dict[int, list[Click]] = defaultdict(list)
    for click in clicks:
        by_key[click.session].append(click)
    found = []
    for own in by_key.values():
        own.sort(key=lambda one: one.time)
        part: list[Click] = []
        for click in own:
            if part and click.time - part[-1].time > setting.gap:
                found.append(part)
                part = []
            part.append(click)
        found.append(part)
    made = [
        Visit(part[-1].time, part[0].session, tuple(one.item for one in part), part[0].time)
        for part in found
        if not is_bot([one.time for one in part], setting)
    ]
    return sorted(made, key=lambda one: (one.ended, one.started, one.key))


def is_bot(times: list[float], setting: Setting) -> bool:
    bots = setting.bots
    if bots is None:
        return False
    fast = times[-1] - times[0] < bots.pace * (len(times) - 1)
    return len(times) > bots.most_clicks or (len(times) >= bots.least_clicks and fast)


def parts(
    clicks: Sequence[Click], seen: Sequence[str], setting: Setting, left_out: Iterable[str]
) -> dict[str, dict[str, float]]:
    """What each item of the visitor adds to the score of each item that may be recommended."""
    log = visits(clicks, setting)
    known = {click for one in log for click in one.clicks}
    ago: dict[str, int] = {}
    for place, item in enumerate(reversed(seen[-setting.longest :])):
        if item in known:
            ago.setdefault(item, place)
    weight = {item: math.exp(-place / setting.fading) for item, place in ago.items()}
    out = set(left_out)
    near = by_neighbours(log, ago, weight, setting, out)
    after = by_rules(log, weight, setting, out)
    total: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for scores, share in ((near, 1.0), (after, setting.rules)):
        highest = max((sum(one.values()) for one in scores.values()), default=0.0) or 1.0
        for item, of in scores.items():
            for mine, value in of.items():
                total[item][mine] += share * value / highest
    for item, place in ago.items():
        if sum(total[item].values()) > 1e-9:
            total[item][item] += setting.again * math.exp(-place)
    return total


def by_neighbours(
    log: list[Visit],
    ago: dict[str, int],
    weight: dict[str, float],
    setting: Setting,
    out: set[str],
) -> dict[str, dict[str, float]]:
    frequency: dict[str, int] = defaultdict(int)
    for one in log:
        for item in one.items:
            frequency[item] += 1
    useful = [one for one in log if len(one.items) > 1]
    latest = {item: latest_of(useful, item, setting.latest) for item in ago}
    possible = {place for own in latest.values() for place in own}
    found = []
    origin = math.floor(min((one.started for one in log), default=0.0))
    newest_end = max((int(useful[place].ended - origin) for place in possible), default=0)
    for place in possible:
        one = useful[place]
        # Of items whose latest sessions do not reach back to this one nothing is known.
        common = [
            item for item in sorted(ago, key=lambda item: -ago[item]) if place in latest[item]
        ]
        newest = common[-1]
        similarity = sum(weight[item] for item in common)
        value = similarity * (1 - min(ago[newest], setting.reach - 1) / setting.reach)
        value /= math.sqrt(len(one.items))
        value *= math.exp((int(one.ended - origin) - newest_end) / (setting.age * 86_400))
        found.append((value, place, newest, common))
    found.sort(key=lambda one: one[:2], reverse=True)
    scores: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for value, place, newest, common in found[: setting.neighbours]:
        items = useful[place].items
        similarity = sum(weight[item] for item in common)
        for at, item in enumerate(items):
            if item in out:
                continue
            near = math.exp(-abs(at - items.index(newest)) / setting.nearness)
            said = value * near * math.log(len(log) / frequency[item])
            for mine in common:
                if said > 0:
                    scores[item][mine] += said * weight[mine] / similarity
    return scores


def latest_of(useful: list[Visit], item: str, count: int) -> set[int]:
    return set([place for place, one in enumerate(useful) if item in one.clicks][-count:])


def by_rules(
    log: list[Visit], weight: dict[str, float], setting: Setting, out: set[str]
) -> dict[str, dict[str, float]]:
    rules: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for one in log:
        for at, item in enumerate(one.clicks):
            for step, after in enumerate(one.clicks[at + 1 : at + 1 + setting.steps], start=1):
                rules[item][after] += 1 / step
    scores: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for mine, value in weight.items():
        total = sum(rules[mine].values())
        for after, heavy in rules[mine].items():
            if after not in out:
                scores[after][mine] += value * heavy / total
    return scores


def ranked(scores: dict[str, dict[str, float]], count: int) -> list[tuple[str, float]]:
    total = {item: sum(of.values()) for item, of in scores.items()}
    kept = [(item, value) for item, value in total.items() if value > 1e-9]
    return sorted(kept, key=lambda one: (-one[1], one[0]))[:count]
