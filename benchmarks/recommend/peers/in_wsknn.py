"""wsknn as it comes, and with what is best of a grid on the last sessions to learn from."""

import json
import sys
import time
from itertools import pairwise, product
from pathlib import Path

import numpy as np
from wsknn.model.wsknn import WSKNN

FIRST = 21
GRID = {
    "number_of_neighbors": (100, 500),
    "sampling_strategy": ("common_items", "recent"),
    "weighting_func": ("linear", "log", "quadratic"),
    "ranking_strategy": ("linear", "log", "inv"),
}
TRIED = 300


def main(given: str, out: str) -> None:
    """Answer all questions twice."""
    data = np.load(given)
    order = np.lexsort((data["times"], data["sessions"]))
    items, times = data["items"][order].tolist(), data["times"][order].tolist()
    cuts = [0, *(np.flatnonzero(np.diff(data["sessions"][order])) + 1).tolist(), len(items)]
    sessions = {
        place: (items[start:end], times[start:end])
        for place, (start, end) in enumerate(pairwise(cuts))
    }
    best = tuned(sessions)
    questions = [
        data["seen"][start:end].tolist() for start, end in pairwise(data["begins"].tolist())
    ]
    found = {}
    for name, settings in (("wsknn", {}), ("wsknn, tuned", best)):
        model = WSKNN(number_of_recommendations=FIRST, **settings)
        model.fit(sessions)
        lists, seconds = [], []
        for seen in questions:
            began = time.perf_counter()
            answer = asked(model, seen)
            seconds.append(time.perf_counter() - began)
            lists.append(answer)
        found[name] = {"lists": lists, "seconds": seconds}
    Path(out).write_text(json.dumps(found))


def asked(model: WSKNN, seen: list[int]) -> list[int]:
    """Items for a visitor, best first."""
    known = [item for item in seen if item in model.item_session_map]
    if not known:
        return []
    moments = [float(place) for place in range(len(known))]
    return [item for item, _ in model.recommend([known, moments])]


def tuned(sessions: dict) -> dict:
    """The settings whose first twenty are best by reciprocal rank, on the last sessions."""
    latest = sorted(sessions, key=lambda place: sessions[place][1][-1])
    last = set(latest[-len(latest) // 10 :])
    earlier = {place: own for place, own in sessions.items() if place not in last}
    chosen = np.random.default_rng(0).permutation(sorted(last))[:TRIED].tolist()
    questions = [sessions[place][0] for place in chosen if len(sessions[place][0]) > 1]
    scores = {}
    for values in product(*GRID.values()):
        settings = dict(zip(GRID, values, strict=True))
        model = WSKNN(number_of_recommendations=FIRST, **settings)
        model.fit(earlier)
        score = 0.0
        for items in questions:
            answer = asked(model, items[:-1])
            score += 1 / (answer.index(items[-1]) + 1) if items[-1] in answer else 0.0
        scores[values] = score
    return dict(zip(GRID, max(scores, key=scores.__getitem__), strict=True))


if __name__ == "__main__":
    main(*sys.argv[1:])
