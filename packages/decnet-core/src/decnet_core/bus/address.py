# SPDX-License-Identifier: MIT
"""Where a bus is: `unix:///path`, `nats://[user:password@|token@]host[:port]`, `tls://...`; commas join a cluster's.

An IPv6 address is written in brackets.
"""

import msgspec

from decnet_core.bus.interface import BusError

DEFAULT_PORT = 4222
_FORMS = "unix:///path, nats://[user:password@|token@]host[:port] or tls://..."


class Address(msgspec.Struct, frozen=True):
    """One server; `path` for a UNIX socket, else `host` and `port`. Credentials are never shown."""

    scheme: str
    path: str = ""
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = ""
    token: str = ""

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"unix://{self.path}" if self.path else f"{self.scheme}://{host}:{self.port}"

    def __repr__(self) -> str:
        return f"Address({self})"


def parse(urls: str) -> tuple[Address, ...]:
    """Return the servers that `urls` names, in its order; BusError says what is wrong with it."""
    return tuple(_parse_one(url.strip()) for url in urls.split(","))


def _parse_one(url: str) -> Address:
    scheme, _, rest = url.partition("://")
    if scheme == "unix" and rest.startswith("/"):
        return Address("unix", path=rest)
    if scheme not in ("nats", "tls"):
        raise BusError(f"{_without_secrets(url)!r} is no bus URL: write {_FORMS}")
    credentials, _, place = rest.rpartition("@")
    host, port = _host_and_port(place.rstrip("/"), url)
    user, colon, password = map(_unquoted, credentials.partition(":"))
    if colon:
        return Address(scheme, host=host, port=port, user=user, password=password)
    return Address(scheme, host=host, port=port, token=user)


def _host_and_port(place: str, url: str) -> tuple[str, int]:
    if place.startswith("["):
        host, closed, after = place[1:].partition("]")
        colon, port = after[:1], after[1:]
        if not closed or colon not in ("", ":"):
            host = ""
    else:
        host, _, port = place.partition(":")
    number = int(port) if port.isdecimal() and len(port) <= 5 else 0
    if not host or (port and not 0 < number < 65_536):
        raise BusError(f"{_without_secrets(url)!r} names no host and port: write {_FORMS}")
    return host, number or DEFAULT_PORT


def _unquoted(text: str) -> str:
    if "%" not in text:
        return text
    from urllib.parse import unquote

    return unquote(text)


def _without_secrets(url: str) -> str:
    scheme, mark, rest = url.partition("://")
    return scheme + mark + ("...@" if "@" in rest else "") + rest.rpartition("@")[2]
