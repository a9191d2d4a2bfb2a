"""Fields of a search of what is stored, which is answered in pages."""

from typing import Annotated, Final
from uuid import UUID

from pydantic import Field

MAX_PAGE: Final = 10_000

PageSize = Annotated[
    int,
    Field(
        strict=True,
        ge=1,
        le=MAX_PAGE,
        description="Number of predictions on a page.",
        examples=[100],
    ),
]
After = Annotated[
    UUID | None,
    Field(
        description="`next_page` of the page before; absent for the first.",
        examples=[None],
    ),
]
OfRequest = Annotated[
    UUID | None,
    Field(
        description="Only predictions of this request, which has the id in its header "
        "`X-Request-Id`.",
        examples=[None],
    ),
]
