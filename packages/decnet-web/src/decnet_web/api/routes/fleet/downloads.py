# SPDX-License-Identifier: MIT
"""Answers that a browser stores and never shows, and bodies that are files."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import Body
from starlette.responses import Response

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")

Upload = Annotated[bytes, Body(media_type="application/octet-stream", description="The file as it is.")]
"""A body that is a file: its Content-Type is application/octet-stream."""


def headers_of(name: str) -> dict[str, str]:
    """Return the headers of a download called `name` (RFC 6266); a name may be anything."""
    plain = "".join(one if one in _PLAIN else "_" for one in name)[:100].lstrip(".") or "download"
    return {
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name[:200], safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cache-Control": "no-store",
    }


def attachment(content: bytes, name: str, media_type: str = "application/octet-stream") -> Response:
    """Return a file to be stored."""
    return Response(content, media_type=media_type, headers=headers_of(name))
