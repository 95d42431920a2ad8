# SPDX-License-Identifier: MIT
"""Whether a browser's request comes from our own page, over a connection on which a log-in may travel."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request

from decnet_core.net.addresses import parse_address
from decnet_web.api.problems import Problem

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_OURS = frozenset({"same-origin", "none"})


def host_of(request: Request) -> str:
    """Return the host by which the browser called us, without the port and without brackets."""
    try:
        return urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:
        return ""


def origin_of(request: Request) -> str:
    """Return our own origin as the browser sees it."""
    return f"{request.url.scheme}://{request.headers.get('host', '').lower()}"


def is_protected(request: Request) -> bool:
    """Return whether the request came by TLS, or to this host itself, where nobody listens in."""
    if request.url.scheme == "https":
        return True
    host = host_of(request)
    address = parse_address(host)
    return host == "localhost" or host.endswith(".localhost") or (address is not None and address.is_loopback)


def refuse_unprotected(request: Request) -> None:
    """Raise Problem 403 for a log-in by plain http from elsewhere: password and cookie would be read on the way."""
    if not is_protected(request):
        detail = (
            f"nobody can log in over http://{host_of(request)[:255]}: set [web] certificate, "
            "put a proxy with TLS before it that sends X-Forwarded-Proto, or use an SSH tunnel to http://127.0.0.1"
        )
        raise Problem(403, title="Log-in needs TLS", detail=detail)


def refuse_foreign(request: Request) -> None:
    """Raise Problem 403 for a request that a page of another origin makes a browser send.

    Browsers say so in Sec-Fetch-Site (Fetch Metadata) or Origin; programs send neither.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None and site not in _OURS:
        raise _foreign()
    if origin is not None and not _is_ours(origin, request):
        raise _foreign()


def _is_ours(origin: str, request: Request) -> bool:
    """Return whether `origin` has our authority; who listens in can have a page at it by http, so TLS stays TLS."""
    try:
        named = urlsplit(origin)
    except ValueError:
        return False
    is_plain = request.url.scheme == "https" and named.scheme != "https"
    return named.netloc.lower() == request.headers.get("host", "").lower() and not is_plain


def _foreign() -> Problem:
    return Problem(403, title="Foreign origin", detail="a page of another origin made this request; it is refused")
