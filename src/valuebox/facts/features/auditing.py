"""Answers with features, worked out once more: which differ now, and why."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from valuebox.facts.features.answering import answers_of
from valuebox.facts.features.declarations import NoDeclaration, found
from valuebox.facts.features.history import events_of, looked_at
from valuebox.facts.features.stored import Asked, Stored
from valuebox.facts.features.tables import FeatureAnswer
from valuebox.features.declared.building import microseconds
from valuebox.features.declared.declaration import Declaration
from valuebox.features.declared.working import SeveralCurrencies

LATE: Final = "late"
"""Events arrived after the answer that had happened before it."""
EXPIRED: Final = "expired"
"""Events that were looked at are not stored any more."""
CODE: Final = "code"
"""Cause of answers that their own events no longer give: other code, or an overwritten answer."""


@dataclass
class Audit:
    """What became of answers that were worked out once more."""

    answers: int = 0
    same: int = 0
    unknown: int = 0
    """Answers by declarations that are there no more, or that say something else."""
    columns: dict[str, Counter[str]] = field(default_factory=dict)
    """By column and cause, in how many answers it differs."""

    @property
    def compared(self) -> int:
        """Answers that could be worked out once more."""
        return self.answers - self.unknown

    def note(self, differing: dict[str, str]) -> None:
        """Take an answer, and the cause for each column that differs."""
        self.same += not differing
        for name, cause in differing.items():
            self.columns.setdefault(name, Counter())[cause] += 1


def audit(session: Session, name: str, since: datetime | None, most: int) -> Audit:
    """Work out the last answers of a declaration once more.

    Args:
        session: Of the database that holds them.
        name: Of the declaration.
        since: Moment from which on answers are looked at; None for all.
        most: How many, the newest first.
    """
    done = Audit()
    known: dict[tuple[int, str], Declaration | None] = {}
    for answer in _answers(session, name, since, most):
        done.answers += 1
        key = answer.version, answer.hash
        if key not in known:
            known[key] = _declared(session, name, *key)
        if (declared := known[key]) is None:
            done.unknown += 1
        else:
            done.note(_differing(session, declared, answer))
    return done


def _answers(
    session: Session, name: str, since: datetime | None, most: int
) -> Iterator[FeatureAnswer]:
    query = select(FeatureAnswer).where(FeatureAnswer.name == name)
    if since is not None:
        query = query.where(FeatureAnswer.asked_at >= since)
    yield from session.scalars(query.order_by(FeatureAnswer.id.desc()).limit(most)).all()


def _declared(session: Session, name: str, version: int, hash_: str) -> Declaration | None:
    try:
        declared = found(session, name, version)
    except NoDeclaration:
        return None
    return declared if declared.hash == hash_ else None


def _differing(session: Session, declared: Declaration, answer: FeatureAnswer) -> dict[str, str]:
    """The columns that differ, and the cause of each."""
    asked = [Asked(answer.source, answer.subject, answer.session, answer.properties)]
    stored = events_of(session.connection(), declared, asked, answer.at, everything=True)
    then = _received_by(stored, answer.asked_at)
    before = _worked_out(declared, then, asked, answer.at)
    now = before if then is stored else _worked_out(declared, stored, asked, answer.at)
    (left,) = looked_at(declared, then, asked, answer.at)
    lost = EXPIRED if left.events < answer.events else CODE
    differing = {
        one: lost for one, value in answer.answer.items() if before.get(one, _NONE) != value
    }
    for one, value in answer.answer.items():
        if one not in differing and now.get(one, _NONE) != value:
            differing[one] = LATE
    return differing


_NONE: Final = object()


def _received_by(stored: Stored, moment: datetime) -> Stored:
    """The events that had arrived by a moment."""
    bound = microseconds(moment)
    rows = [row for row, one in enumerate(stored.received) if one <= bound]
    if len(rows) == len(stored.id):
        return stored
    return stored.taken(rows)


def _worked_out(
    declared: Declaration, stored: Stored, asked: list[Asked], at: datetime
) -> dict[str, Any]:
    try:
        return answers_of(declared, stored, asked, at)[0]
    except SeveralCurrencies:
        return {}
