# SPDX-License-Identifier: MIT
"""Where Apache 2.4, as Debian configures it, answers in its own way (http_protocol.c, http_filters.c, core.c). Pure."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from decnet_core.net.http_head import Head
from decnet_decoys.http.dialects import ABSOLUTE
from decnet_decoys.http.flavour import METHODS, Response
from decnet_decoys.http.targets import leaves_root

if TYPE_CHECKING:
    from decnet_decoys.http.site import Site

SERVER_NAME = "127.0.1.1"
"""What a server takes for its name that was given none: Debian's /etc/hosts has the host's there."""
ALLOW = ("Allow", "HEAD,GET,POST,OPTIONS")
LONGEST_NAME = 255
"""Of a file (NAME_MAX): what is longer cannot be looked at, which is answered as forbidden."""
_LONGEST_PATH = 4095 - len("/var/www/html")
"""Of a file (PATH_MAX), without the site's folder."""
_NAMED = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+?)\.?)(?::(\d{1,5}))?")
_ENCODED = re.compile(r"%00|%2[fF]")
"""What is decoded, and found wanting, only after a target has been taken for a path."""
_FORBIDDEN = ("/server-status", "/icons/")
"""What Debian's configuration keeps: shown to the machine itself, and a folder that is not listed."""


def named(head: Head, port: int) -> tuple[str, str]:
    """Return host and port as error pages name them: those that the client asked for, by default `port`."""
    absolute = ABSOLUTE.match(head.target)
    host = absolute[1].rpartition("@")[2] if absolute else head.target if head.method == "CONNECT" else ""
    host = host or head.get("host") or ""
    found = _NAMED.fullmatch(host)
    if found is None:
        return SERVER_NAME, str(port)
    return (found[1] or found[2]).lower(), found[3] or str(port)


def early(site: Site, path: str | None, head: Head) -> Response | None:
    """Return the answer that no page has a say in, if there is one."""
    if head.method not in METHODS:
        words = f"<p>{html.escape(head.method)} not supported for current URL.<br />\n</p>"
        return site.error(501, extra=(ALLOW,), close=True, words=words)
    if head.method == "CONNECT" and _NAMED.fullmatch(head.target):
        return other_method(site, "", head, None)
    if path is None or _names_user(head.target):
        return site.error(404) if _is_odd_name(head.target) else site.error(400, close=True)
    if (head.get("expect") or "100-continue").lower() != "100-continue":
        return site.error(417, words=_unmet(head.get("expect") or ""), hangs_up=True)
    hidden = any(part.startswith(".ht") or len(part) > LONGEST_NAME for part in path.split("/"))
    return site.error(403) if hidden or len(path) > _LONGEST_PATH or path in _FORBIDDEN else None


def _names_user(target: str) -> bool:
    absolute = ABSOLUTE.match(target)
    return absolute is not None and "@" in absolute[1]


def _is_odd_name(target: str) -> bool:
    """Return whether a target is within the site, but for what is found in it only when it is looked at."""
    path = target.partition("?")[0]
    return _ENCODED.search(path) is not None and not leaves_root(unquote(_ENCODED.sub("_", path)))


def _unmet(expectation: str) -> str:
    return (
        "<p>The expectation given in the Expect request-header\nfield could not be met by this server.\n"
        f"The client sent<pre>\n    Expect: {html.escape(expectation)}\n</pre>\n</p>"
        "<p>Only the 100-continue expectation is supported.</p>"
    )


def other_method(site: Site, path: str, head: Head, kind: str | None) -> Response:
    """Return the answer to a method that a page, of the media type `kind` if there is one, does not take."""
    if head.method == "OPTIONS":
        allow = (ALLOW,) if path != "*" else ()
        return Response(200, (*allow, *((("Content-Type", kind),) if kind else ())), b"")
    words = f"<p>The requested method {head.method} is not allowed for this URL.</p>"
    return site.error(405, extra=(("Allow", "") if head.method == "TRACE" else ALLOW,), words=words)


def too_large(head: Head) -> str:
    """Return the words of the page for a body that is too large."""
    return (
        f"The requested resource does not allow request data with {head.method} requests, or the amount of data "
        "provided in\nthe request exceeds the capacity limit."
    )
