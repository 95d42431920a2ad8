# SPDX-License-Identifier: MIT
"""Section `[web]`: where the dashboard listens, who may call it by which name, and limits for clients."""

from typing import Annotated

import msgspec

from decnet_core.net.addresses import Network, parse_endpoint, parse_network
from decnet_web.errors import WebError

_ADDRESS_HINT = "write an address and a port, e.g. 127.0.0.1:8080 or [::1]:8080"


class WebSettingsError(WebError, ValueError):
    """A value of the section is invalid; the message says what to write."""


class WebSettings(msgspec.Struct, frozen=True):
    """Section `[web]`; without any listen address the dashboard is off."""

    listen: str = "127.0.0.1:8080"
    """ADDRESS:PORT of the dashboard; empty: none by TCP."""
    unix_listen: str = ""
    """Path of a UNIX socket for a local proxy, whose X-Forwarded-For is trusted; empty: none."""
    hosts: tuple[str, ...] = ()
    """Host names by which browsers may call it, beside its address and localhost, e.g. decnet.example.net. Others are
    refused, because a page of theirs could have its name lead here (DNS rebinding)."""
    certificate: str = ""
    """PEM file of the certificate with its chain, for https; a changed file is used for the next connection."""
    certificate_key: str = ""
    """PEM file of its private key; empty: it is in the file of the certificate."""
    forwarded_allow: tuple[str, ...] = ()
    """Networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are trusted."""
    max_connections: Annotated[int, msgspec.Meta(ge=1, le=65536)] = 512
    """When they are taken, a newcomer gets the place of a connection that owes a request, of the source with most of
    them; where all wait for an answer, it is closed at once and counted."""
    max_connections_per_source: Annotated[int, msgspec.Meta(ge=1, le=65536)] = 256
    """Of these, from one source: an IPv4 address or an IPv6 /64. A trusted proxy has no such limit."""
    head_seconds: Annotated[float, msgspec.Meta(gt=0, le=300)] = 10.0
    """The head of the first request must be complete this long after the connection."""
    idle_seconds: Annotated[float, msgspec.Meta(gt=0, le=600)] = 30.0
    """A connection without a further request is closed after this time."""
    stall_seconds: Annotated[float, msgspec.Meta(gt=0, le=600)] = 30.0
    """A client that neither sends its body nor reads its answer for this long is cut off."""
    api_seconds: Annotated[float, msgspec.Meta(gt=0, le=3600)] = 60.0
    """How long the API may take until it begins to answer."""
    wake_seconds: Annotated[float, msgspec.Meta(gt=0, le=60)] = 5.0
    """How long a request waits for an API that is not there, because it is being started."""

    def proxies(self) -> tuple[Network, ...]:
        """Return the trusted proxies; raises WebSettingsError."""
        return tuple(_network("forwarded_allow", text) for text in self.forwarded_allow)

    @property
    def scheme(self) -> str:
        return "https" if self.certificate else "http"

    def url(self) -> str:
        """Return where a browser finds the dashboard; empty when it listens on no address."""
        if self.hosts and self.certificate:
            return f"https://{self.hosts[0]}:{self.listen.rpartition(':')[2]}/"
        address = self.listen.replace("0.0.0.0:", "127.0.0.1:").replace("[::]:", "[::1]:")  # not bound to
        return f"{self.scheme}://{address}/" if self.listen else ""


def listen_address(text: str) -> tuple[str, int]:
    """Return host and port of `host:port` or `[v6]:port`; raises WebSettingsError."""
    try:
        return parse_endpoint(text)
    except ValueError as error:
        raise WebSettingsError(f"listen: {error}; {_ADDRESS_HINT}") from error


def _network(name: str, text: str) -> Network:
    try:
        return parse_network(text)
    except ValueError as error:
        raise WebSettingsError(f"{name}: {text!r} is not a network, e.g. 10.0.0.0/8") from error
