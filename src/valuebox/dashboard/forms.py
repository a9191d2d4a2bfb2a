"""Forms that a browser sends to the dashboard."""

from typing import Final
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive

from valuebox.serving.bodies import too_large
from valuebox.serving.errors import error_response

_FORM: Final = "application/x-www-form-urlencoded"
_MOST_FIELDS: Final = 10


async def sent_form(headers: Headers, receive: Receive, most: int) -> dict[str, str] | Response:
    """The fields of a form that are not empty, or the answer to what is no such form.

    Args:
        headers: Of the request.
        receive: Gives its body.
        most: Bytes of the body at most.
    """
    media_type = headers.get("content-type", "").split(";")[0].strip().lower()
    if media_type != _FORM or "content-encoding" in headers:
        return error_response("unsupported_media_type", f"Send the form, as `{_FORM}`.")
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > most:
            return too_large()
        more = message["type"] == "http.request" and message.get("more_body", False)
    try:
        fields = parse_qsl(body.decode("latin-1"), max_num_fields=_MOST_FIELDS)
    except ValueError:
        return error_response("invalid_input", "The form has too many fields.")
    return {name: value.strip() if name == "key" else value for name, value in fields}
