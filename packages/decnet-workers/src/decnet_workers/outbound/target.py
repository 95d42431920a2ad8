# SPDX-License-Identifier: MIT
"""Parses the URL of a server strictly: this code and a resolver must read it the same way."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

from decnet_workers.errors import WorkersError

MAX_URL = 2048

_HOST = re.compile(r"(?!-)[A-Za-z0-9_.-]{1,253}")
_VISIBLE = re.compile(r"[\x21-\x7e]+")


class TargetError(WorkersError, ValueError):
    """The URL cannot be used; the message says why."""


class Target(msgspec.Struct, frozen=True):
    """Where a request goes; `path` includes the query."""

    tls: bool
    host: str
    port: int
    path: str
    upgrades: bool = False
    """Whether the protocol begins TLS by itself before anything secret is sent (STARTTLS)."""

    @property
    def authority(self) -> str:
        """The Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}"


_WEB = {"https": (True, 443), "http": (False, 80)}


def parse_target(url: str) -> Target:
    """Return the target of an http or https URL; raises TargetError."""
    return parse_server(url, _WEB)


def parse_server(url: str, schemes: Mapping[str, tuple[bool, int]], *, upgrades: bool = False) -> Target:
    """Return the target of a URL with one of `schemes`, each with whether it is TLS and its port; raises TargetError.

    `upgrades`: those that are not TLS begin it by themselves.
    """
    if len(url) > MAX_URL or not _VISIBLE.fullmatch(url) or "\\" in url:
        raise TargetError(f"a URL has at most {MAX_URL} visible ASCII characters; write other hosts in punycode")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise TargetError(f"this is not a URL: {error}") from error
    if parts.scheme not in schemes:
        raise TargetError(f"a URL begins with {' or '.join(f'{scheme}://' for scheme in schemes)}")
    if "@" in parts.netloc:
        raise TargetError("a URL has no user or password")
    host = parts.hostname or ""
    if not (_HOST.fullmatch(host) or (":" in host and re.fullmatch(r"[0-9a-f:.]+", host))):
        raise TargetError(f"{host!r} is not a host name or address")
    tls, usual_port = schemes[parts.scheme]
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(tls, host, port or usual_port, path, upgrades and not tls)
