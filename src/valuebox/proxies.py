"""Proxies in front of the service, which say for whom they ask."""

import ipaddress
from collections.abc import Mapping
from typing import Any, Final

_EVERYBODY: Final = "*"


class TrustedProxies:
    """Addresses whose `X-Forwarded-…` headers are believed; anybody else could send them too."""

    def __init__(self, text: str):
        """From addresses and networks, separated by spaces; `*` for any address.

        Raises:
            ValueError: when a word is none of these.
        """
        words = text.split()
        self._everybody = _EVERYBODY in words
        self._networks = [
            ipaddress.ip_network(word, strict=False) for word in words if word != _EVERYBODY
        ]

    def __contains__(self, address: object) -> bool:
        """Whether an address is that of such a proxy."""
        if self._everybody:
            return True
        if not self._networks:
            return False
        try:
            known = ipaddress.ip_address(str(address))
        except ValueError:
            return False
        return any(known in network for network in self._networks)

    def client(self, scope: Mapping[str, Any], forwarded: str | None) -> str | None:
        """The address of whoever asks: the last one that no trusted proxy has named for itself.

        Args:
            scope: Of the request.
            forwarded: Its header `X-Forwarded-For`.
        """
        peer = scope.get("client")
        address = str(peer[0]) if peer else None
        if forwarded is None or address not in self:
            return address
        for named in reversed([one.strip() for one in forwarded.split(",")]):
            try:
                address = str(ipaddress.ip_address(named))
            except ValueError:
                return address
            if address not in self:
                return address
        return address
