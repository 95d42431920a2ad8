# SPDX-License-Identifier: MIT
"""Section `[canary]`: where tokens are received, and limits for clients."""

from typing import Annotated, Literal

import msgspec

from decnet_core.net.addresses import Address, Network, parse_address, parse_endpoint, parse_network
from decnet_workers.errors import WorkersError

_ADDRESS_HINT = "write an address and a port, e.g. 127.77.0.1:8880 or [::1]:8880"


class CanarySettingsError(WorkersError, ValueError):
    """A value of the section is invalid; the message says what to write."""


class CanarySettings(msgspec.Struct, frozen=True):
    """Section `[canary]`; an empty listen address disables that receiver."""

    http_listen: str = "127.77.0.1:8880"
    """ADDRESS:PORT of the HTTP receiver."""
    https_listen: str = ""
    """ADDRESS:PORT of the HTTPS receiver; it needs certificate and certificate_key."""
    certificate: str = ""
    """PEM file of the certificate with its chain; a changed file is used for the next connection, without a restart."""
    certificate_key: str = ""
    """PEM file of its private key; empty: it is in the file of the certificate."""
    client_authority: str = ""
    """PEM file of the authority for client certificates (kubeconfig); `decnet canary authority` makes one."""
    wireguard_listen: str = ""
    """ADDRESS:PORT, UDP, at which WireGuard handshakes are noticed, never answered."""
    public_wireguard: str = ""
    """NAME:PORT that WireGuard tokens name as their server; empty: wireguard_listen."""
    dns_listen: str = "127.77.0.1:8853"
    """ADDRESS:PORT of the DNS receiver, UDP and TCP."""
    public_url: str = ""
    """Base of the tokens' URLs, e.g. https://cdn.example.net/assets; empty: https_listen if set, else http_listen."""
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
    scanner_networks: tuple[str, ...] = ()
    """Networks of your mail gateway and the like: what they do with tokens is recorded as a link scanner's, without an
    alert."""
    scanner_agents: tuple[str, ...] = ()
    """Parts of user agents of link scanners, in any case; beside those that are known."""
    scanner_seconds: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 10.0
    """Requests for the same token from a source that was a link scanner this long ago are the scanner's, too."""
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

    def listens(self) -> tuple[str, ...]:
        """Return where the receivers listen; empty for one that is off."""
        return self.http_listen, self.https_listen, self.dns_listen, self.wireguard_listen

    def url_of(self, slug: str) -> str:
        """Return the URL of a token."""
        base = self.public_url or (
            f"https://{self.https_listen}" if self.https_listen else f"http://{self.http_listen}"
        )
        return f"{base.rstrip('/')}/{slug}"

    def host_of(self, slug: str) -> str:
        """Return the host name of a token."""
        return f"{slug}.{self.zone.strip('.')}"

    def proxies(self) -> tuple[Network, ...]:
        """Return the trusted proxies; raises CanarySettingsError."""
        return tuple(_network("trusted_proxies", text) for text in self.trusted_proxies)

    def scanners(self) -> tuple[Network, ...]:
        """Return the networks of link scanners; raises CanarySettingsError."""
        return tuple(_network("scanner_networks", text) for text in self.scanner_networks)

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


def _network(name: str, text: str) -> Network:
    try:
        return parse_network(text)
    except ValueError as error:
        raise CanarySettingsError(f"{name}: {text!r} is not a network, e.g. 10.0.0.0/8") from error
