# SPDX-License-Identifier: MIT
"""What `api` is told of a request: its fields without those of this hop, and who sent it to whom."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from decnet_core.net.addresses import Network, lies_in
from decnet_core.net.forwarded import client_address
from decnet_web.web.messages.requests import Request, passed_on
from decnet_web.web.messages.responses import Field

_OURS = frozenset(
    ("forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", "x-forwarded-prefix",
     "x-real-ip", "content-length", "expect")
)  # fmt: skip


class Sender(msgspec.Struct, frozen=True):
    """Who sent a request, as far as a trusted party knows."""

    address: str
    """Empty for a local program that named none."""
    scheme: str


def sender(request: Request, peer: str, scheme: str, proxies: Sequence[Network]) -> Sender:
    """Return who sent `request` over a connection from `peer`, which is empty for a UNIX socket, by `scheme`."""
    if peer and not lies_in(peer, proxies):
        return Sender(peer, scheme)
    values = request.all("x-forwarded-for")
    # A UNIX socket is as the last of the proxies: the address before it is what that proxy saw.
    last = values[-1].rpartition(",")[2].strip() if values else ""
    known = client_address(peer or last, values, proxies) if peer or last else ""
    named = request.get("x-forwarded-proto")
    return Sender(known, named if named in ("http", "https") else scheme)


def forwarded_fields(request: Request, who: Sender) -> list[Field]:
    """Return the fields of the request to `api`."""
    kept = [field for field in passed_on(request.fields, without=_OURS) if "_" not in field[0]]
    framing = ("transfer-encoding", "chunked") if request.length is None else ("content-length", str(request.length))
    known = [("x-forwarded-for", who.address)] if who.address else []
    host = ("x-forwarded-host", request.get("host") or "")
    return [*kept, *([framing] if request.has_body else []), *known, ("x-forwarded-proto", who.scheme), host,
            ("connection", "close")]  # fmt: skip
