# SPDX-License-Identifier: MIT
"""Where lighttpd 1.4, as Debian configures it, answers in its own way (request.c, response.c). Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_to_bytes

from decnet_core.net.http_head import Head
from decnet_decoys.http.flavour import METHODS_OF_LIGHTTPD, Response

if TYPE_CHECKING:
    from decnet_decoys.http.site import Site

_ABSOLUTE = re.compile(r"(?i:https?)://[^/]+/|/")
_NO_TEXT = re.compile(rb"[\x00-\x1f\x7f\xc0\xc1\xf5-\xff]")
ALLOW = ("Allow", "OPTIONS, GET, HEAD, POST")


def early(site: Site, path: str | None, head: Head) -> Response | None:
    """Return the answer that no page has a say in, if there is one."""
    version_known = head.version in ("HTTP/1.0", "HTTP/1.1")
    if not version_known or head.method not in METHODS_OF_LIGHTTPD:
        return site.error(501 if version_known else 505, close=True)._replace(old=not version_known)
    if path is None and head.target.startswith("/") and "%00" not in head.target:
        return site.error(404)
    tunnel = head.method == "CONNECT" and head.get("host") is None
    status = 400 if not tunnel and (path is None or _is_bad(path, head)) else _refused(head)
    if status:
        return site.error(status, close=True)
    if path == "*":
        return Response(200, (ALLOW,), b"", _has_body(head))
    denied = (path or "").endswith(("~", ".inc"))
    absent = head.target.count("?") > 1  # only what is after the last one is the query
    return site.error(404 if absent else 403) if absent or denied else None


def _is_bad(path: str, head: Head) -> bool:
    """Return whether there can be no such target: with control bytes, or what UTF-8 has none of, also in its query.

    No more is looked at than each byte by itself (burl.c).
    """
    absolute = "://" in head.target[:32] and not _ABSOLUTE.match(head.target)
    meant = unquote_to_bytes(head.target.encode("latin-1", "replace"))
    return absolute or _NO_TEXT.search(meant) is not None or (path == "*" and head.method != "OPTIONS")


def _has_body(head: Head) -> bool:
    return head.get("transfer-encoding") is not None or (head.get("content-length") or "0") != "0"


def location(path: str, query: str) -> str:
    """Return where a directory without its slash is redirected; what may not be in a URL is encoded in the query."""
    if query == "?":
        return path
    return path + quote(query, safe="!#$%&'()*+,-./:;=?@[]_~")


def _refused(head: Head) -> int:
    """Return the status by which a method is refused, 0 if it is not: GET has no body, and POST has one."""
    if head.method == "CONNECT":
        return 405
    length = head.get("content-length")
    has_body = length not in (None, "") or head.get("transfer-encoding") not in (None, "")
    if head.method == "POST":
        return 0 if has_body else 411
    return 400 if head.method in ("GET", "HEAD") and has_body and length != "0" else 0


def other_method(site: Site, head: Head, *, there: bool) -> Response:
    """Return the answer to a method that a page, if it is `there`, does not take."""
    close = _has_body(head)
    if not there:
        return site.error(404, close=close)
    if head.method == "OPTIONS":
        return Response(200, (ALLOW,), b"", close)
    return site.error(501, close=close)
