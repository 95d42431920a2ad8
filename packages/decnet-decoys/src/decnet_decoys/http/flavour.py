# SPDX-License-Identifier: MIT
"""How nginx, Apache and lighttpd differ, by which scanners distinguish them: header order, error pages, ETags."""

import time
from typing import NamedTuple

from decnet_decoys.http.profile import HttpProfile
from decnet_decoys.http.request import HEAD_TOO_LARGE

REASONS = {
    200: "OK", 206: "Partial Content", 301: "Moved Permanently", 302: "Found", 304: "Not Modified", 400: "Bad Request",
    401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
    412: "Precondition Failed", 413: "Request Entity Too Large", 414: "Request-URI Too Large",
    416: "Requested Range Not Satisfiable", 431: "Request Header Fields Too Large", 501: "Not Implemented",
    503: "Service Unavailable", 505: "HTTP Version Not Supported",
}  # fmt: skip

_REASONS_OF = {
    "nginx": {302: "Moved Temporarily", 405: "Not Allowed"},
    "apache": {414: "Request-URI Too Long"},
    "lighttpd": {413: "Payload Too Large", 414: "URI Too Long", 416: "Range Not Satisfiable"},
}
_ORDER = {
    "nginx": ("Server", "Date", "Content-Type", "Content-Length", "Location", "Last-Modified", "Connection",
              "WWW-Authenticate", "ETag", "Accept-Ranges", "Content-Range", "Allow"),
    "apache": ("Date", "Server", "WWW-Authenticate", "Location", "Allow", "Last-Modified", "ETag", "Accept-Ranges",
               "Content-Range", "Content-Length", "Vary", "Connection", "Content-Type"),
    "lighttpd": ("Location", "WWW-Authenticate", "Content-Type", "ETag", "Last-Modified", "Accept-Ranges",
                 "Content-Range", "Allow", "Content-Length", "Connection", "Date", "Server"),
}  # fmt: skip

_APACHE_TEXT = {
    400: "<p>Your browser sent a request that this server could not understand.<br />\n</p>",
    401: "<p>This server could not verify that you\nare authorized to access the document\nrequested.</p>",
    403: "<p>You don't have permission to access this resource.</p>",
    404: "<p>The requested URL was not found on this server.</p>",
    405: "<p>The requested method is not allowed for this URL.</p>",
    412: "<p>The precondition on the request for the URL\nevaluated to false.</p>",
    413: "<p>The requested resource does not allow request data with the sent method, or the amount of data "
    "provided\nin the request exceeds the capacity limit.</p>",
    414: "<p>The requested URL's length exceeds the capacity\nlimit for this server.<br />\n</p>",
    416: "<p>None of the range-specifier values in the Range\nrequest-header field overlap the current extent\n"
    "of the selected resource.</p>",
    431: "<p>Your browser sent a request that this server could not understand.<br />\n"
    "Size of a request header field exceeds server limit.<br />\n</p>",
    501: "<p>The requested method is not supported for current URL.<br />\n</p>",
}


_EPOCH_OF_WINDOWS = 11_644_473_600
"""Seconds from 1601 to 1970: IIS makes ETags of a FILETIME."""
_NGINX_TOO_LARGE = "Request Header Or Cookie Too Large"


class Response(NamedTuple):
    """A response before it is encoded."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    close: bool = False


def reason(profile: HttpProfile, status: int) -> str:
    """Return this server's reason phrase."""
    own = _REASONS_OF.get(profile.flavour, {}).get(status) or profile.behaviour.reasons.get(str(status))
    return own or REASONS.get(status, "Unknown")


def status_line(profile: HttpProfile, status: int) -> int:
    """Return the status that this server answers with; for a head too large only lighttpd knows RFC 6585."""
    return 400 if status == HEAD_TOO_LARGE and profile.flavour != "lighttpd" else status


def etag(profile: HttpProfile, size: int) -> str:
    """Return a static file's ETag in this server's form; empty for one that sends none."""
    form = profile.behaviour.etag if profile.flavour == "own" else profile.flavour
    if form == "none":
        return ""
    if form == "nginx":
        return f'"{profile.modified:x}-{size:x}"'
    if form == "apache":
        return f'"{size:x}-{profile.modified * 1_000_000:x}"'
    if form == "iis":
        return f'"{(profile.modified + _EPOCH_OF_WINDOWS) * 10_000_000:x}:0"'
    return f'"{(profile.modified * 2654435761 + size) % (1 << 32)}"'


def error_page(profile: HttpProfile, status: int, host: str, port: int) -> tuple[str, bytes]:
    """Return content type and body of this server's own page for an error or redirection."""
    answered = status_line(profile, status)
    if profile.flavour == "own":
        return profile.behaviour.error_type, _own_page(profile, answered).encode()
    heading = title = f"{answered} {reason(profile, answered)}"
    if profile.flavour == "nginx":
        more = ""
        if status == HEAD_TOO_LARGE:
            title, more = f"400 {_NGINX_TOO_LARGE}", f"<center>{_NGINX_TOO_LARGE}</center>\r\n"
        body = (
            f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{heading}</h1></center>\r\n"
            f"{more}<hr><center>{profile.server}</center>\r\n</body>\r\n</html>\r\n"
        )
        return "text/html", body.encode()
    if profile.flavour == "apache":
        return "text/html; charset=iso-8859-1", _apache_page(profile, status, host, port).encode()
    body = (
        '<?xml version="1.0" encoding="iso-8859-1"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"\n'
        '         "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">\n'
        '<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">\n'
        f" <head>\n  <title>{title}</title>\n </head>\n <body>\n  <h1>{title}</h1>\n </body>\n</html>\n"
    )
    return "text/html", body.encode()


def _own_page(profile: HttpProfile, status: int) -> str:
    page = profile.behaviour.error_pages.get(str(status), profile.behaviour.error_page)
    return page.replace("{status}", str(status)).replace("{reason}", reason(profile, status))


def _apache_page(profile: HttpProfile, status: int, host: str, port: int) -> str:
    text = _APACHE_TEXT.get(status)
    status = status_line(profile, status)
    words = reason(profile, status)
    heading = "Not Found" if status == 404 else words
    text = text or f"<p>{words}</p>"
    return (
        '<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n<html><head>\n'
        f"<title>{status} {words}</title>\n</head><body>\n<h1>{heading}</h1>\n{text}\n<hr>\n"
        f"<address>{profile.server} Server at {host} Port {port}</address>\n</body></html>\n"
    )


def http_date(moment: float) -> str:
    """Return a time in the form of RFC 9110 §5.6.7."""
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(moment))


def rendered(profile: HttpProfile, answer: Response, *, now: float, keep_alive: bool, head_only: bool) -> bytes:
    """Return the response's bytes with this server's header order."""
    known = {
        "Server": profile.behaviour.servers.get(str(answer.status), profile.server),
        "Date": http_date(now),
        "Connection": "keep-alive" if keep_alive else "close",
        "Content-Length": str(len(answer.body)),
    }
    if profile.flavour != "nginx" and keep_alive:
        del known["Connection"]
    if answer.status == 304:
        del known["Content-Length"]
    if not known["Server"]:
        del known["Server"]
    extra: list[tuple[str, str]] = []
    order = _ORDER.get(profile.flavour, profile.behaviour.order)
    for name, value in (*profile.behaviour.headers.items(), *answer.headers):
        if name in order:
            known[name] = value
        else:
            extra.append((name, value))
    lines = [f"{name}: {known[name]}" for name in order if name in known]
    lines[2:2] = [f"{name}: {value}" for name, value in extra]
    first = f"HTTP/1.1 {answer.status} {reason(profile, answer.status)}"
    head = "\r\n".join([first, *lines, "", ""]).encode("latin-1", "replace")
    return head if head_only or answer.status == 304 else head + answer.body
