"""What pydantic finds wrong with rows, told by row and field."""

import re

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from valuebox.schemas.errors import Problem


def problems_of(error: ValidationError) -> list[Problem]:
    """What is wrong with the input, by row and field; never the value itself."""
    return [problem_of(one) for one in details_of(error)]


def details_of(error: ValidationError) -> list[ErrorDetails]:
    """What pydantic found, without the values themselves."""
    return error.errors(include_url=False, include_context=False, include_input=False)


def problem_of(error: ErrorDetails) -> Problem:
    """One of the things that pydantic found."""
    loc = error["loc"]
    # First in a list of rows, second in a table of columns.
    at = next((at for at, part in enumerate(loc[:2]) if isinstance(part, int)), None)
    path = loc if at is None else loc[:at] + loc[at + 1 :]
    return Problem(
        row=None if at is None else int(loc[at]),
        field=".".join(map(str, path)) or None,
        message=re.sub("^Value error, ", "", error["msg"]),
    )
