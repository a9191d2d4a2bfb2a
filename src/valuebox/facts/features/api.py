"""The endpoint of features: as of now or another moment, kept as they were answered."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from valuebox.access.keys import Scope
from valuebox.facts.features.answering import Answer, answers_of
from valuebox.facts.features.declarations import Declarations, NoDeclaration
from valuebox.facts.features.history import Asked, Stored, events_of
from valuebox.facts.features.keeping import kept
from valuebox.facts.features.schemas import Features, FeaturesQuestion, FeaturesRow
from valuebox.features.declared.declaration import Declaration
from valuebox.features.declared.working import SeveralCurrencies
from valuebox.serving.endpoint import endpoint
from valuebox.serving.errors import NotFound, Unanswerable
from valuebox.serving.exchange import current
from valuebox.serving.pipeline import Pipeline
from valuebox.store.clock import CLOCK
from valuebox.store.engine import Store
from valuebox.store.writing import write


class FeaturesApi:
    """Endpoints of the features; the service that they are part of has these attributes."""

    store: Store
    pipeline: Pipeline
    declarations: Declarations

    @endpoint("/v1/features", Scope.PREDICT, stores=True, refuses=("not_found", "unanswerable"))
    def features(self, question: FeaturesQuestion, /) -> Features:
        """Work out declared features of customers or sessions, as of now or another moment.

        Everything is looked at that was stored before and happened before the moment. The answer is
        the row that a table of the same declaration has for an anchor at that moment, without its
        targets. Answers are kept, so that `valuebox features audit` can work them out again.
        """
        declared = self._declared(question)
        asked = _asked(declared, question)
        at = question.at or CLOCK.moment()
        with current().timing("encode"):
            stored = self._stored(declared, asked, at)
            answers = _answers(declared, stored, asked, at)
        answer = Features(
            declaration=declared.name,
            version=declared.version,
            hash=declared.hash,
            at=at,
            rows=[
                FeaturesRow(source=one.source, id=one.id, features=values)
                for one, values in zip(asked, answers, strict=True)
            ],
        )
        counts = stored.counts(declared, asked)
        rows = kept(declared, asked, answers, counts, at, current().request_id)

        def put(session: Session) -> Features:
            write(session, [rows])
            return answer

        return self.pipeline.keep(question, Features, put)

    def _declared(self, question: FeaturesQuestion) -> Declaration:
        try:
            return self.declarations.find(question.declaration, question.version)
        except NoDeclaration as error:
            raise NotFound(str(error)) from None

    def _stored(self, declared: Declaration, asked: Sequence[Asked], at: datetime) -> Stored:
        with self.store.reading() as session:
            return events_of(session.connection(), declared, asked, at)


def _answers(
    declared: Declaration, stored: Stored, asked: Sequence[Asked], at: datetime
) -> list[Answer]:
    try:
        return answers_of(declared, stored, asked, at)
    except SeveralCurrencies as error:
        said = str(error)
        raise Unanswerable(f"{said[:1].upper()}{said[1:]}.") from None


def _asked(declared: Declaration, question: FeaturesQuestion) -> list[Asked]:
    """Whom a question is about.

    Raises:
        Unanswerable: where the declaration is not of their kind.
    """
    theirs = question.customers if declared.of == "customer" else question.sessions
    if theirs is None:
        raise Unanswerable(f"Features of {declared.name} are of {declared.of}s; ask for these.")
    return [
        Asked(one.source, one.id, getattr(one, "session", None), one.properties) for one in theirs
    ]
