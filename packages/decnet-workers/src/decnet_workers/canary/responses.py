# SPDX-License-Identifier: MIT
"""Responses of the HTTP receiver: what a plain web server would send, without a header that reveals a framework."""

import base64
from email.utils import formatdate
from typing import Literal

import msgspec

from decnet_core.canary import Slug, SlugKind
from decnet_core.net.http_head import Head

GIF = base64.b64decode(b"R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""A transparent picture of one pixel (GIF89a)."""

_PAGE = b"<!DOCTYPE html>\n<html>\n<head><title>Index</title></head>\n<body></body>\n</html>\n"

_UNAUTHORIZED = b'{"kind":"Status","apiVersion":"v1","status":"Failure","message":"Unauthorized","code":401}\n'

_REASONS = {
    200: "OK",
    302: "Found",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Not Allowed",
    413: "Request Entity Too Large",
    414: "Request-URI Too Large",
    503: "Service Temporarily Unavailable",
}


class Response(msgspec.Struct, frozen=True):
    status: int
    body: bytes
    content_type: str = "text/html"
    fresh: bool = False
    """Whether caches must revalidate, so that the next view is a hit too."""
    location: str = ""
    """Where a redirection leads."""


def response_to(
    head: Head, slug: Slug | None, page: Literal["page", "not-found"], leads: str | None = None
) -> Response:
    """Return the response to `head`, given the token found in it and where a redirect token leads."""
    kind = None if slug is None else slug.kind
    if kind is SlugKind.API:
        return Response(401, _UNAUTHORIZED, "application/json")
    if head.method not in {"GET", "HEAD"}:
        return refusal(405)
    if kind is SlugKind.WEBBUG:
        return Response(200, GIF, "image/gif", fresh=True)
    if kind is SlugKind.REDIRECT and leads is not None:
        return msgspec.structs.replace(refusal(302), fresh=True, location=leads)
    if kind is not None and page == "page":
        return Response(200, _PAGE, fresh=True)
    return refusal(403 if head.target == "/" else 404)


def refusal(status: int) -> Response:
    """Return the error page of `status`, in the form of nginx's own."""
    title = f"{status} {_REASONS[status]}"
    text = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    )
    return Response(status, text.encode("ascii"))


def render(answer: Response, *, now: float, keep_alive: bool, head_only: bool) -> bytes:
    """Return the response on the wire; `now` is seconds since the Unix epoch."""
    lines = [
        f"HTTP/1.1 {answer.status} {_REASONS[answer.status]}",
        "Server: nginx",
        f"Date: {formatdate(now, usegmt=True)}",
        f"Content-Type: {answer.content_type}",
        f"Content-Length: {len(answer.body)}",
        f"Connection: {'keep-alive' if keep_alive else 'close'}",
    ]
    if answer.fresh:
        lines.append("Cache-Control: no-cache")
    if answer.location:
        lines.append(f"Location: {answer.location}")
    head = "\r\n".join([*lines, "", ""]).encode("ascii")
    return head if head_only else head + answer.body
