# SPDX-License-Identifier: MIT
"""What a format declares about itself and its receiver."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from decnet_core.text import json_for_terminal
from decnet_workers.webhook.formats.alert import Alert


class Access(msgspec.Struct, frozen=True):
    """What an endpoint has beside its URL."""

    token: str = ""
    """The key or password; visible ASCII."""
    options: Mapping[str, str] = {}


def _no_headers(_: Access) -> dict[str, str]:
    return {}


def _same_path(path: str, _: Alert, __: Access) -> str:
    return path


class Format(msgspec.Struct, frozen=True):
    """A format: how to write an alert, and what its receiver needs of an endpoint."""

    title: str
    """The receiver, for people."""
    body: Callable[[Alert, Access], bytes]
    travels_by: tuple[str, ...] = ("http",)
    """Of `http`, `syslog`, `smtp`, `file`."""
    for_people: bool = False
    """Whether each message comes before somebody's eyes."""
    content_type: str = "application/json"
    structured: bool = False
    """Whether the body begins with structured data of syslog (RFC 5424 §6.3)."""
    hosts: tuple[str, ...] = ()
    """Hosts, or with a leading dot domains, whose URLs mean this format."""
    secret_url: bool = False
    """Whether who knows the URL can post, so that it is kept as a secret."""
    token: str = ""
    """What the token is; empty: the receiver has none."""
    token_optional: bool = False
    options: Mapping[str, str] = {}
    """Other things that an endpoint has, each with its meaning; one that begins with `optional` may be missing."""
    headers: Callable[[Access], dict[str, str]] = _no_headers
    path: Callable[[str, Alert, Access], str] = _same_path
    """The request target, made of the URL's path."""
    already: str = ""
    """Text of an error answer that means that the receiver has this message already."""


def encoded(document: Any) -> bytes:
    """Return JSON on one line without a character that a terminal obeys or that is invisible: those are escaped."""
    return json_for_terminal(msgspec.json.encode(document)).encode()


def bearer(access: Access) -> dict[str, str]:
    """Return the header of RFC 6750, none without a token."""
    return {"Authorization": f"Bearer {access.token}"} if access.token else {}
