# SPDX-License-Identifier: MIT
"""Heads of answers as bytes, and the answers that this worker gives itself."""

from __future__ import annotations

from collections.abc import Iterable
from email.utils import formatdate
from http import HTTPStatus

import msgspec

from decnet_web.web.messages.headers import DATA, with_defaults

Field = tuple[str, str]


def head(status: int, reason: str, fields: Iterable[Field]) -> bytes:
    """Return a status line and fields on the wire; their values are Latin-1 without line ends."""
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in fields), "", ""]
    return "\r\n".join(lines).encode("latin-1")


def reason_of(status: int) -> str:
    return HTTPStatus(status).phrase


def problem(
    status: int, detail: str, *, secure: bool, last: bool, extra: tuple[Field, ...] = (), head_only: bool = False
) -> bytes:
    """Return a problem (RFC 9457) as a whole answer."""
    document = {"type": "about:blank", "title": reason_of(status), "status": status, "detail": detail}
    body = msgspec.json.encode(document)
    fields = [
        ("Date", formatdate(usegmt=True)),
        ("Content-Type", "application/problem+json"),
        ("Content-Length", str(len(body))),
        ("Connection", "close" if last else "keep-alive"),
        *extra,
    ]
    sent = head(status, reason_of(status), with_defaults(fields, DATA, secure=secure))
    return sent if head_only else sent + body
