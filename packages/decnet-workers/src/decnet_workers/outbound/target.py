# SPDX-License-Identifier: MIT
"""Parses the URL of a server strictly: this code and a resolver must read it the same way."""

import re
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

    @property
    def authority(self) -> str:
        """The Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}"


def parse_target(url: str) -> Target:
    """Return the target of an http or https URL; raises TargetError."""
    if len(url) > MAX_URL or not _VISIBLE.fullmatch(url) or "\\" in url:
        raise TargetError(f"a URL has at most {MAX_URL} visible ASCII characters; write other hosts in punycode")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise TargetError(f"this is not a URL: {error}") from error
    if parts.scheme not in {"http", "https"}:
        raise TargetError("a URL begins with https:// or http://")
    if "@" in parts.netloc:
        raise TargetError("a URL has no user or password")
    host = parts.hostname or ""
    if not (_HOST.fullmatch(host) or (":" in host and re.fullmatch(r"[0-9a-f:.]+", host))):
        raise TargetError(f"{host!r} is not a host name or address")
    tls = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(tls, host, port or (443 if tls else 80), path)
