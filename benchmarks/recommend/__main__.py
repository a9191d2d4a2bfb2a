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
from benchmarks.recommend.judging import FIRST, Judged, Lists, judged, listed
from benchmarks.recommend.peers import peers
from benchmarks.recommend.references import Neighbours, Popular, Rules
from benchmarks.recommend.sets import AS_THEY_ARE, SETS, Sessions
from benchmarks.report import put_section, table

from valuebox.compartments.recommend.ranking.index import Index
from valuebox.compartments.recommend.ranking.recommender import Recommender
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
        rows = [*references(of, some), *ours(of, of.questions if all_of_ours else some)]
        heading = f"## {name}: {len(of.questions):,} questions; others answer {len(some):,}"
        written = table(HEADER, rows)
        print(f"{heading}\n\n{written}\n", flush=True)
        if into is not None:
            put_section(into, heading, written)


def references(of: Sessions, questions: list[Question]) -> list[list[object]]:
    """Rows of the references, and of other packages where these are installed."""
    contenders = {
        "popular": lambda: Popular(of),
        "popular of the last day": lambda: Popular(of, lately=True),
        "AR": lambda: Rules(of, in_order=False),
        "SR": lambda: Rules(of, in_order=True),
        "SKNN": lambda: Neighbours(of, "SKNN"),
        "V-SKNN": lambda: Neighbours(of, "V-SKNN"),
        "STAN": lambda: Neighbours(of, "STAN"),
    }
    rows = []
    for name, made in contenders.items():
        one = made()
        rows.append(both(of, questions, name, [listed(one.scores, each) for each in questions]))
    for name, lists in peers(of, questions).items():
        rows.append(both(of, questions, name, lists))
    return rows


def ours(of: Sessions, questions: list[Question]) -> list[list[object]]:
    """Rows of ours: as it comes, tuned, and with a ranker for each protocol."""
    log = Log.of(of.sessions, of.items, of.times, of.ids, AS_THEY_ARE)
    index = Index.build(of.sessions, of.items, of.times, of.ids, AS_THEY_ARE)
    rows = [both(of, questions, "valuebox", _lists(Recommender(index), questions, False))]
    began = time.process_time()
    tuned = tune(log, AS_THEY_ARE)
    print(f"tuned: {tuned}, {time.process_time() - began:.0f} s", file=sys.stderr, flush=True)
    recommender = Recommender(index, setting=tuned.setting)
    rows.append(both(of, questions, "valuebox, tuned", _lists(recommender, questions, False)))
    cells: list[Judged] = []
    for fresh in (False, True):
        began = time.process_time()
        learned = learn_ranker(log, tuned.setting, Learning(fresh=fresh), threads=2)
        print(f"{learned.gain}, {time.process_time() - began:.0f} s", file=sys.stderr, flush=True)
        recommender = Recommender(index, None, learned.ranker, setting=tuned.setting)
        cells.append(judged(of, questions, _lists(recommender, questions, fresh), fresh))
    rows.append(_row("valuebox, tuned, with a ranker", *cells))
    return rows


def both(of: Sessions, questions: list[Question], name: str, lists: Lists) -> list[object]:
    """A row: lists judged in both protocols."""
    return _row(name, *(judged(of, questions, lists, fresh) for fresh in (False, True)))


def _lists(recommender: Recommender, questions: list[Question], fresh: bool) -> Lists:
    return [recommender.best(one.seen, FIRST + 1, fresh=fresh).tolist() for one in questions]


def _row(name: str, literature: Judged, fresh: Judged) -> list[object]:
    row: list[object] = [
        name,
        *(f"{one.hit_rate:.3f} / {one.reciprocal:.3f}" for one in (literature, fresh)),
        f"{fresh.coverage:.2f}",
        f"{fresh.bias:.1f}",
    ]
    print(*row, sep=" | ", file=sys.stderr, flush=True)
    return row


if __name__ == "__main__":
    typer.run(main)
