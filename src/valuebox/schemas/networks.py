"""Addresses and networks, as a setting names them."""

import ipaddress
from typing import Final

_EVERYBODY: Final = "*"


class Networks:
    """Addresses that a setting means."""

    def __init__(self, text: str):
        """Networks of a text: addresses and networks, separated by spaces; `*` for any address.

        Raises:
            ValueError: when a word is none of these.
        """
        words = text.split()
        self._everybody = _EVERYBODY in words
        self._networks = [
            ipaddress.ip_network(word, strict=False) for word in words if word != _EVERYBODY
        ]

    def __contains__(self, address: object) -> bool:
        """Whether an address is in one of the networks."""
        if self._everybody:
            return True
        if not self._networks:
            return False
        try:
            known = ipaddress.ip_address(str(address))
        except ValueError:
            return False
        return any(known in network for network in self._networks)
