"""What is stored of somebody, handed out as a file or deleted, by whoever types a key for it.

A session never suffices, nor does an open service: either takes an API key with the scope `admin`
in the form itself, so that no page of another site can have a browser send it.
"""

import json
from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import AfterValidator, Field, StringConstraints, ValidationError
from starlette.responses import Response

from valuebox.access.callers import Access, Caller
from valuebox.access.keys import Scope
from valuebox.compartments.contract import People
from valuebox.compartments.people import forget, records_of
from valuebox.dashboard.pages import PRIVATE, Viewer, forgotten
from valuebox.dashboard.search import MAX_TEXT
from valuebox.dashboard.sessions import PATH
from valuebox.schemas.problems import problems_of
from valuebox.schemas.values import MAX_USER_ID, Model, no_nul
from valuebox.serving.admission import admitted
from valuebox.serving.errors import error_response
from valuebox.serving.exchange import current
from valuebox.store.deadline import within
from valuebox.store.engine import Store
from valuebox.store.pruning import scrub

EXPORT: Final = f"{PATH}/search/export"
FORGET: Final = f"{PATH}/search/forget"
SECONDS: Final = 40.0
"""Seconds that handing out or deleting may take."""
_ADMIN: Final = frozenset({Scope.ADMIN})
_UNAUTHENTICATED: Final = 401
_BAD_KEY: Final = "That key does not work; it takes one with the scope admin. Nothing was done."

_Text = Annotated[str, StringConstraints(min_length=1, max_length=MAX_TEXT), AfterValidator(no_nul)]


class Person(Model):
    """Whom a form means, and who sends it."""

    id: _Text = Field(description="Id of the user, customer or visitor.")
    source: _Text | None = Field(default=None, description="Where they are from; none for users.")
    key: str = Field(default="", description="An API key with the scope `admin`.")
    again: str = Field(default="", description="The id once more, for what cannot be undone.")

    @property
    def people(self) -> People:
        """The person, as compartments are asked."""
        return People(self.source, [self.id])


def read_person(form: Mapping[str, str], path: str) -> Person | Response:
    """Whom a form means, or the answer to one that means nobody."""
    try:
        person = Person.model_validate(dict(form))
    except ValidationError as error:
        return error_response("invalid_input", "The form means nobody.", problems_of(error))
    is_number = person.id.isascii() and person.id.isdigit() and int(person.id) <= MAX_USER_ID
    if person.source is None and not is_number:
        return error_response("invalid_input", "Users have numbers; customers have a source.")
    if path == FORGET and person.again != person.id:
        message = "The id that was typed once more is another one. Nothing was deleted."
        return error_response("invalid_input", message)
    return person


async def refuse(access: Access, key: str) -> Response | None:
    """The answer to whoever has typed no key with the scope `admin`; None lets them."""
    caller = await admitted(access.check(f"Bearer {key}", _ADMIN))
    if isinstance(caller, Caller):
        # The log says who has done it, rather than who was signed in.
        current().caller = caller
        return None
    if caller.status_code == _UNAUTHENTICATED:
        return error_response("forbidden", _BAD_KEY)
    return caller


def export_person(store: Store, person: Person) -> Response:
    """Every stored row of somebody, a JSON object a line, for a browser to keep."""
    with within(SECONDS), store.reading() as session:
        lines = [json.dumps(one, default=str) for one in records_of(session, person.people)]
    headers = {**PRIVATE, "Content-Disposition": 'attachment; filename="valuebox-export.jsonl"'}
    content = "".join(f"{line}\n" for line in lines)
    return Response(content, headers=headers, media_type="application/x-ndjson")


def forget_person(store: Store, person: Person, viewer: Viewer) -> Response:
    """Delete every stored row of somebody, and show how many there were."""
    with within(SECONDS):
        with store.writing() as session:
            gone = forget(session, person.people)
        is_scrubbed = scrub(store.engine)
    return forgotten(person.id, person.source, gone, is_scrubbed, viewer)
