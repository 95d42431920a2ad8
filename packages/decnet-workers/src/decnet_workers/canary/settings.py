# SPDX-License-Identifier: MIT
"""Section `[canary]`: where tokens are received, and limits for clients."""

from typing import Annotated, Literal

import msgspec

from decnet_core.canary import TokenKind
from decnet_core.net.addresses import Address, Network, parse_address, parse_endpoint, parse_network
from decnet_workers.errors import WorkersError

_ADDRESS_HINT = "write an address and a port, e.g. 127.77.0.1:8880 or [::1]:8880"


class CanarySettingsError(WorkersError, ValueError):
    """A value of the section is invalid; the message says what to write."""


class CanarySettings(msgspec.Struct, frozen=True):
    """Section `[canary]`; an empty listen address disables that receiver."""

    http_listen: str = "127.77.0.1:8880"
    """ADDRESS:PORT of the HTTP receiver."""
    dns_listen: str = "127.77.0.1:8853"
    """ADDRESS:PORT of the DNS receiver, UDP and TCP."""
    public_url: str = ""
    """Base of the tokens' URLs, e.g. https://cdn.example.net/assets; empty: http:// and http_listen."""
    zone: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] = "canary.test"
    """The DNS zone that is delegated to dns_listen; an HTTP host <token>.<zone> is a hit too."""
    zone_addresses: tuple[str, ...] = ()
    """IPv4 and IPv6 addresses the zone's names resolve to; empty: the address of http_listen."""
    ttl_seconds: Annotated[int, msgspec.Meta(ge=0, le=86400)] = 0
    """Of DNS answers; 0 keeps resolvers from hiding later hits."""
    page: Literal["page", "not-found"] = "page"
    """Whether a `url` token returns a small page instead of the same 404 as everything else."""
    trusted_proxies: tuple[str, ...] = ()
    """Networks whose X-Forwarded-For is trusted."""
    max_connections: Annotated[int, msgspec.Meta(ge=1, le=65536)] = 512
    """HTTP and DNS over TCP together; more are closed at once and counted."""
    max_connections_per_source: Annotated[int, msgspec.Meta(ge=1, le=65536)] = 64
    """Of these, from one source: an IPv4 address or an IPv6 /64."""
    head_seconds: Annotated[float, msgspec.Meta(gt=0, le=300)] = 10.0
    """A request must be complete this long after the connection or the previous answer."""
    requests_per_second: Annotated[float, msgspec.Meta(gt=0)] = 50.0
    """Of one source (an IPv4 address or an IPv6 /64), over HTTP and DNS together."""
    request_burst: Annotated[int, msgspec.Meta(ge=1)] = 200
    """As many at once."""

    def url_of(self, slug: str, kind: TokenKind) -> str:
        """Return the URL (url, webbug) or the host name (dns) to plant for a token."""
        if kind is TokenKind.DNS:
            return f"{slug}.{self.zone.strip('.')}"
        base = (self.public_url or f"http://{self.http_listen}").rstrip("/")
        return f"{base}/{slug}.gif" if kind is TokenKind.WEBBUG else f"{base}/{slug}"

    def proxies(self) -> tuple[Network, ...]:
        """Return the trusted proxies; raises CanarySettingsError."""
        return tuple(_network(text) for text in self.trusted_proxies)

    def addresses(self) -> tuple[Address, ...]:
        """Return what the zone's names resolve to; raises CanarySettingsError."""
        texts = self.zone_addresses or ((listen_address(self.http_listen)[0],) if self.http_listen else ())
        return tuple(_address(text) for text in texts)


def listen_address(text: str) -> tuple[str, int]:
    """Return host and port of `host:port` or `[v6]:port`; raises CanarySettingsError."""
    try:
        return parse_endpoint(text)
    except ValueError as error:
        raise CanarySettingsError(f"{error}; {_ADDRESS_HINT}") from error


def _address(text: str) -> Address:
    address = parse_address(text)
    if address is None:
        raise CanarySettingsError(f"zone_addresses: {text!r} is not an IP address")
    return address


def _network(text: str) -> Network:
    try:
        return parse_network(text)
    except ValueError as error:
        raise CanarySettingsError(f"trusted_proxies: {text!r} is not a network, e.g. 10.0.0.0/8") from error
