"""Hits and ranks of recommendations beside others, on three public sets of sessions.

    make bench-recommend SESSIONS=FOLDER [OPTIONS="--only clicks"] [INTO="--into FILE"]

Every next item of every test session is asked for, in two protocols: the literature's, where all
items may be recommended again, and `fresh`, where the item being looked at may not. Nothing is
chosen by the test sessions: settings are found on the last sessions to learn from.
"""

import sys
import time
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import typer
from benchmarks.recommend.peers import peers
from benchmarks.recommend.sets import AS_THEY_ARE, SETS, Sessions
from benchmarks.report import put_section, table
from numpy.typing import NDArray

from valuebox.compartments.recommend.ranking.index import Index
from valuebox.compartments.recommend.ranking.recommender import Recommender
from valuebox_training.recommend.evaluating import lists_of, references
from valuebox_training.recommend.judging import Judged, Lists, judged
from valuebox_training.recommend.questions import Log, Question
from valuebox_training.recommend.ranking import Learning, learn_ranker
from valuebox_training.recommend.tuning import tune

HEADER: Final = [
    "",
    "HR@20 / MRR@20",
    "fresh",
    "coverage",
    "times as popular as the mean",
]


def main(
    sessions: Annotated[Path, typer.Argument(help="Folder with the sets.")],
    only: Annotated[str, typer.Option(help="Names of sets, by commas; all by default.")] = "",
    most: Annotated[int, typer.Option(help="Questions of each set, by chance.")] = 5_000,
    all_of_ours: Annotated[bool, typer.Option(help="Whether ours answer all.")] = True,
    into: Annotated[Path | None, typer.Option(help="Document whose tables are replaced.")] = None,
) -> None:
    """Answer, judge, and print tables."""
    for name in only.split(",") if only else SETS:
        of = SETS[name](sessions)
        chosen = np.random.default_rng(0).permutation(len(of.questions))[:most]
        some = [of.questions[place] for place in sorted(chosen.tolist())]
        rows = [*others(of, some), *ours(of, of.questions if all_of_ours else some)]
        heading = f"### {name}: {len(of.questions):,} questions; others answer {len(some):,}"
        written = table(HEADER, rows)
        print(f"{heading}\n\n{written}\n", flush=True)
        if into is not None:
            put_section(into, heading, written)


def others(of: Sessions, questions: list[Question]) -> list[list[object]]:
    """Rows of the references, and of other packages where these are installed."""
    log = _log(of)
    return [
        both(of, questions, name, lists)
        for name, lists in (*references(log, questions), *peers(of, questions).items())
    ]


def ours(of: Sessions, questions: list[Question]) -> list[list[object]]:
    """Rows of ours: as it comes, tuned, and with a ranker for each protocol."""
    log = _log(of)
    index = Index.build(of.sessions, of.items, of.times, of.ids, AS_THEY_ARE)
    rows = [both(of, questions, "valuebox", lists_of(Recommender(index), questions, False))]
    began = time.process_time()
    tuned = tune(log, AS_THEY_ARE)
    print(f"tuned: {tuned}, {time.process_time() - began:.0f} s", file=sys.stderr, flush=True)
    recommender = Recommender(index, setting=tuned.setting)
    rows.append(both(of, questions, "valuebox, tuned", lists_of(recommender, questions, False)))
    cells: list[Judged] = []
    for fresh in (False, True):
        began = time.process_time()
        learned = learn_ranker(log, tuned.setting, Learning(fresh=fresh), threads=2)
        print(f"{learned.gain}, {time.process_time() - began:.0f} s", file=sys.stderr, flush=True)
        recommender = Recommender(index, None, learned.ranker, setting=tuned.setting)
        cells.append(
            judged(_clicked(of), questions, lists_of(recommender, questions, fresh), fresh)
        )
    rows.append(_row("valuebox, tuned, with a ranker", *cells))
    return rows


def both(of: Sessions, questions: list[Question], name: str, lists: Lists) -> list[object]:
    """A row: lists judged in both protocols."""
    return _row(name, *(judged(_clicked(of), questions, lists, fresh) for fresh in (False, True)))


def _log(of: Sessions) -> Log:
    return Log.of(of.sessions, of.items, of.times, of.ids, AS_THEY_ARE)


def _clicked(of: Sessions) -> NDArray[np.intp]:
    """How often each item was clicked, `(n_items,)`."""
    return np.bincount(of.items, minlength=len(of.ids))


def _row(name: str, literature: Judged, fresh: Judged) -> list[object]:
    row: list[object] = [
        name,
        *(f"{one.hit_rate.mean:.3f} / {one.reciprocal.mean:.3f}" for one in (literature, fresh)),
        f"{fresh.coverage:.2f}",
        f"{fresh.bias:.1f}",
    ]
    print(*row, sep=" | ", file=sys.stderr, flush=True)
    return row


if __name__ == "__main__":
    typer.run(main)
