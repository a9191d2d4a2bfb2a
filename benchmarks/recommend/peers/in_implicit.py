"""Cosine and BM25 of implicit: items like those of the session, the later the heavier."""

import json
import os
import sys
import time
from itertools import pairwise
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
from implicit.nearest_neighbours import BM25Recommender, CosineRecommender
from scipy.sparse import csr_matrix

FIRST = 21


def main(given: str, out: str) -> None:
    """Answer all questions by both."""
    data = np.load(given)
    _, row = np.unique(data["sessions"], return_inverse=True)
    n_items = int(data["n_items"])
    ones = np.ones(len(row), dtype=np.float32)
    matrix = csr_matrix((ones, (row, data["items"])), shape=(row.max() + 1, n_items))
    found = {}
    for name, model in (
        ("implicit, cosine", CosineRecommender(K=100, num_threads=1)),
        ("implicit, BM25", BM25Recommender(K=100, num_threads=1)),
    ):
        model.fit(matrix, show_progress=False)
        lists, seconds = [], []
        for start, end in pairwise(data["begins"].tolist()):
            seen = data["seen"][start:end][-20:]
            weights = np.exp(-np.arange(len(seen))[::-1] / 2)
            known = seen >= 0
            began = time.perf_counter()
            row = csr_matrix(
                (weights[known], (np.zeros(known.sum(), dtype=int), seen[known])),
                shape=(1, n_items),
                dtype=np.float32,
            )
            items, scores = model.recommend(0, row, N=FIRST, filter_already_liked_items=False)
            seconds.append(time.perf_counter() - began)
            lists.append(
                [int(item) for item, score in zip(items, scores, strict=True) if score > 0]
            )
        found[name] = {"lists": lists, "seconds": seconds}
    Path(out).write_text(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
