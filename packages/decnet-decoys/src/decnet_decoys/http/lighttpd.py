# SPDX-License-Identifier: MIT
"""Where lighttpd 1.4, as Debian configures it, answers in its own way (request.c, response.c). Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from decnet_core.net.http_head import Head
from decnet_decoys.http.flavour import METHODS, Response

if TYPE_CHECKING:
    from decnet_decoys.http.site import Site

ALLOW = ("Allow", "OPTIONS, GET, HEAD, POST")


def early(site: Site, path: str | None, head: Head) -> Response | None:
    """Return the answer that no page has a say in, if there is one."""
    version_known = head.version in ("HTTP/1.0", "HTTP/1.1")
    if not version_known or head.method not in METHODS:
        return site.error(501 if version_known else 505, close=True)._replace(old=not version_known)
    if path is None and head.target.startswith("/") and "%00" not in head.target:
        return site.error(404)
    if path is None or head.target.startswith(("http://", "https://")):
        return site.error(400, close=True)
    if path == "*" and head.method == "OPTIONS":
        return Response(200, (ALLOW,), b"")
    has_body = head.get("content-length") is not None or head.get("transfer-encoding") is not None
    if head.method == "POST" and not has_body:
        return site.error(411, close=True)
    return None


def other_method(site: Site, head: Head, *, there: bool) -> Response:
    """Return the answer to a method that a page, if it is `there`, does not take."""
    close = (head.get("content-length") or "0") != "0"
    if not there:
        return site.error(404, close=close)
    if head.method == "OPTIONS":
        return Response(200, (ALLOW,), b"", close)
    return site.error(501, close=close)


def joined(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return ranges that are near each other as one (http_range.c): lighttpd 1.4.69 joins within 80 bytes."""
    merged: list[tuple[int, int]] = []
    for begin, end in sorted(ranges):
        if merged and begin <= merged[-1][1] + 81:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged
