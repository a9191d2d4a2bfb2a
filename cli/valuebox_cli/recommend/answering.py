"""Questions of a file answered: what each visitor should see next, by all that is stored."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TextIO

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from valuebox.compartments.recommend.model import Learned
from valuebox.compartments.recommend.ranking.index import Index
from valuebox.compartments.recommend.ranking.recommender import Recommender
from valuebox.errors import ValueboxError
from valuebox.store.engine import Store
from valuebox_cli.recommend.learning import catalogue_of, views_of

COUNT: Final = 20
"""Items of an answer."""


class BadQuestions(ValueboxError):
    """A file of questions that cannot be read; the message names the line."""


class _Question(BaseModel):
    model_config = ConfigDict(coerce_numbers_to_str=True)

    question: str | int
    items: list[str] = Field(max_length=100_000)


def questions_of(path: Path) -> Iterator[_Question]:
    """The questions of a file, a line of JSON each.

    Raises:
        BadQuestions: naming the first line that is none.
    """
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                try:
                    yield _Question.model_validate_json(line)
                except ValidationError as error:
                    first = error.errors(include_input=False, include_url=False)[0]
                    where = ".".join(map(str, first["loc"])) or "the line"
                    raise BadQuestions(f"{path}, line {number}: {where}: {first['msg']}") from None


def recommender_of(store: Store, source: str, learned: Learned, fresh: bool) -> Recommender:
    """What answers, made of every view of a shop that is stored.

    Args:
        store: Where the views are.
        source: The shop.
        learned: Its setting and its rankers.
        fresh: Whether the item that is looked at is left out.

    Raises:
        ValueboxError: where no view of the shop is stored.
    """
    views = views_of(store, source)
    ranker = learned.fresh if fresh else learned.repeating
    index, catalogue = Index.build(*views, learned.setting), catalogue_of(store, source)
    known = None if catalogue is None else catalogue(index)
    return Recommender(index, None, ranker, known)


def answer_all(recommender: Recommender, path: Path, out: TextIO, fresh: bool) -> int:
    """Answer each question of a file, and say how many there were.

    Args:
        recommender: What answers.
        path: Of the questions.
        out: Takes a line of JSON for each.
        fresh: Whether the item that is looked at is left out.
    """
    count = 0
    for one in questions_of(path):
        found = recommender.answer(one.items, COUNT, fresh=fresh)
        out.write(json.dumps({"question": one.question, "items": found.items}) + "\n")
        count += 1
    return count
