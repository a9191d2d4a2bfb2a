"""Whether requests need an API key, decided before any worker starts."""

import ipaddress
import logging
from collections.abc import Mapping
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from valuebox.access.callers import Mode
from valuebox.access.keys import working_keys
from valuebox.bento import listening_address
from valuebox.errors import ValueboxError
from valuebox.settings import Settings
from valuebox.store.engine import Store

_LONGEST_HOST: Final = 300
"""Characters that a name, which has at most 253, and a port can have."""

_log = logging.getLogger("valuebox")


class NoAddress(ValueboxError):
    """The service was told to listen on a name instead of an address."""


class NobodyCouldCall(ValueboxError):
    """The service would ask for API keys, and there is none."""


def decide(settings: Settings, store: Store) -> Mode:
    """Whether callers need an API key, for this address and with what has been set.

    On a loopback address a service is open to this machine. Elsewhere it asks for keys, and does
    not start while there is none; `VALUEBOX_ACCESS=open` opens it all the same, and a warning says
    so.

    Raises:
        NobodyCouldCall: when keys are needed that nobody has.
        NoAddress: when it is told to listen on a name.
    """
    address = listening_address()
    _refuse_name(address)
    is_local = address is not None and _is_loopback(address)
    shown = address or "an unknown address"
    if settings.access == "auto" and is_local:
        return "local"
    if settings.access in {"local", "open"}:
        if not is_local:
            _log.warning(
                "VALUEBOX_ACCESS=%s: EVERYBODY who reaches %s may predict, and read and add to "
                "what is stored; make keys with `valuebox keys create`, and unset it",
                settings.access,
                shown,
            )
        return settings.access
    with store.reading() as session:
        if working_keys(session):
            return "keys"
    raise NobodyCouldCall(
        f"it would listen on {shown} and ask for API keys, and there is none; make one with "
        "`valuebox keys create`, or let everybody in with VALUEBOX_ACCESS=open"
    )


def _refuse_name(address: str | None) -> None:
    try:
        ipaddress.ip_address(address or "0.0.0.0")  # noqa: S104
    except ValueError:
        meant = "127.0.0.1" if address == "localhost" else "its address"
        raise NoAddress(
            f"BentoML listens on addresses, and {address} is a name; say --host {meant}"
        ) from None


def is_named(host: str, hosts: frozenset[str] = frozenset()) -> bool:
    """Whether a header `Host` means this machine and could mean no other one, or is one of `hosts`.

    A web page elsewhere may have a name of its own lead here, and would then read what is answered.

    Args:
        host: The header, with or without a port.
        hosts: Names in small letters, without a port.
    """
    return len(host) <= _LONGEST_HOST and _is_named(host, hosts)


@lru_cache(maxsize=256)
def _is_named(host: str, hosts: frozenset[str]) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name in hosts or name.endswith(".localhost") or _is_loopback(name)


def is_foreign(headers: Mapping[str, str]) -> bool:
    """Whether a page of another site has a browser ask; browsers say who does.

    Args:
        headers: Of the request, by names in small letters.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = headers.get("origin")
    # A proxy may have put its own name in the place of what the browser called; a page of
    # another site cannot send the header that tells that one.
    own = (headers.get("host"), headers.get("x-forwarded-host"))
    return origin is not None and urlsplit(origin).netloc not in own


def _is_loopback(address: str) -> bool:
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
