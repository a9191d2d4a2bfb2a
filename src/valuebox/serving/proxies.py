"""Proxies in front of the service, which say for whom they ask."""

import ipaddress
from collections.abc import Mapping
from typing import Any

from valuebox.schemas.networks import Networks


class TrustedProxies(Networks):
    """Addresses whose `X-Forwarded-…` headers are believed; anybody else could send them too."""

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
