# SPDX-License-Identifier: MIT
"""How nginx, Apache and lighttpd differ, by which scanners distinguish them: header order, error pages, ETags."""

import re
import time
from typing import NamedTuple

from decnet_decoys.http.profile import HttpProfile
from decnet_decoys.http.request import HEAD_TOO_LARGE, TOO_MANY_FIELDS

REASONS = {
    200: "OK", 206: "Partial Content", 301: "Moved Permanently", 302: "Found", 304: "Not Modified", 400: "Bad Request",
    401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
    408: "Request Timeout", 412: "Precondition Failed", 413: "Request Entity Too Large", 414: "Request-URI Too Large",
    411: "Length Required",
    416: "Requested Range Not Satisfiable", 417: "Expectation Failed",
    431: "Request Header Fields Too Large", 501: "Not Implemented",
    503: "Service Unavailable", 505: "HTTP Version Not Supported",
}  # fmt: skip

_REASONS_OF = {
    "nginx": {302: "Moved Temporarily", 405: "Not Allowed"},
    "apache": {414: "Request-URI Too Long"},
    "lighttpd": {413: "Payload Too Large", 414: "URI Too Long", 416: "Range Not Satisfiable"},
}
_ORDER = {
    "nginx": ("Server", "Date", "Content-Type", "Content-Length", "Location", "Last-Modified",
              "Transfer-Encoding", "Connection", "WWW-Authenticate", "ETag", "Accept-Ranges", "Content-Range",
              "Content-Encoding", "Allow"),
    "apache": ("Date", "Server", "WWW-Authenticate", "Location", "Allow", "Last-Modified", "ETag", "Accept-Ranges",
               "Transfer-Encoding", "Content-Length", "Vary", "Content-Range", "Keep-Alive", "Connection",
               "Content-Type"),
    "apache, compressed": ("Date", "Server", "Last-Modified", "ETag", "Accept-Ranges", "Vary", "Content-Encoding",
                           "Content-Range", "Content-Length", "Keep-Alive", "Connection", "Content-Type"),
    "lighttpd": ("Location", "WWW-Authenticate", "Content-Type", "ETag", "Last-Modified", "Allow", "Content-Length",
                 "Accept-Ranges", "Content-Range", "Connection", "Date", "Server"),
}  # fmt: skip

_APACHE_TEXT = {
    400: "<p>Your browser sent a request that this server could not understand.<br />\n</p>",
    401: "<p>This server could not verify that you\nare authorized to access the document\nrequested.</p>",
    403: "<p>You don't have permission to access this resource.</p>",
    404: "<p>The requested URL was not found on this server.</p>",
    405: "<p>The requested method is not allowed for this URL.</p>",
    408: "<p>Server timeout waiting for the HTTP request from the client.</p>",
    412: "<p>The precondition on the request for the URL\nevaluated to false.</p>",
    413: "<p>The requested resource does not allow request data with the sent method, or the amount of data "
    "provided\nin the request exceeds the capacity limit.</p>",
    414: "<p>The requested URL's length exceeds the capacity\nlimit for this server.<br />\n</p>",
    416: "<p>None of the range-specifier values in the Range\nrequest-header field overlap the current extent\n"
    "of the selected resource.</p>",
    TOO_MANY_FIELDS: "<p>Your browser sent a request that this server could not understand.<br />\n"
    "The number of request header fields exceeds this server's limit.</p>",
    431: "<p>Your browser sent a request that this server could not understand.<br />\n"
    "Size of a request header field exceeds server limit.</p>",
    501: "<p>The requested method is not supported for current URL.<br />\n</p>",
}


COMPRESSED_BY_APACHE = frozenset(
    ("text/html", "text/plain", "text/xml", "text/css", "text/javascript", "application/javascript",
     "application/xml", "application/wasm")
)  # fmt: skip
"""Debian's mods-available/deflate.conf."""
_LEAST_OF_APACHE = 64
"""Bytes of a file of which it says that it may be compressed: 34 are too few, 96 are enough."""

METHODS = frozenset(
    (
        "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "PROPFIND", "PROPPATCH",
        "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "VERSION-CONTROL", "CHECKOUT", "UNCHECKOUT", "CHECKIN", "UPDATE",
        "LABEL", "REPORT", "MKWORKSPACE", "MKACTIVITY", "BASELINE-CONTROL", "MERGE",
    )
)  # fmt: skip
"""Those that Apache and lighttpd know, whether they do anything for them or not."""
METHODS_OF_LIGHTTPD = METHODS | {
    "ACL", "BIND", "LINK", "MKCALENDAR", "MKREDIRECTREF", "ORDERPATCH", "REBIND", "SEARCH", "UNBIND", "UNLINK",
    "UPDATEREDIRECTREF",
}  # fmt: skip
_EPOCH_OF_WINDOWS = 11_644_473_600
"""Seconds from 1601 to 1970: IIS makes ETags of a FILETIME."""
_NGINX_TOO_LARGE = "Request Header Or Cookie Too Large"
_PADDED = re.compile(r"(?!.*Opera)(?:.*MSIE |(?!.*Gecko/).*Chrome/)", re.DOTALL)
"""Browsers that show an error page of their own for a short one."""
_PADDING = b"<!-- a padding to disable MSIE and Chrome friendly error page -->\r\n" * 6


class Response(NamedTuple):
    """A response before it is encoded."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    close: bool = False
    old: bool = False
    """Whether it is answered in HTTP/1.0, as lighttpd does where it could read no request."""
    chunked: bool = False
    hangs_up: bool = False
    """Whether the connection is closed without a header that says so."""
    measured: bool = True
    """Whether its length is named; else it ends with the connection."""


def reason(profile: HttpProfile, status: int) -> str:
    """Return this server's reason phrase."""
    own = _REASONS_OF.get(profile.flavour, {}).get(status) or profile.behaviour.reasons.get(str(status))
    return own or REASONS.get(status, "Unknown")


def status_line(profile: HttpProfile, status: int) -> int:
    """Return the status that this server answers with; for a head too large only lighttpd knows RFC 6585."""
    if status == TOO_MANY_FIELDS:
        return 400
    return 400 if status == HEAD_TOO_LARGE and profile.flavour != "lighttpd" else status


def etag(profile: HttpProfile, size: int, modified: int | None = None) -> str:
    """Return a static file's ETag in this server's form; empty for one that sends none."""
    modified = profile.modified if modified is None else modified
    form = profile.behaviour.etag if profile.flavour == "own" else profile.flavour
    if form == "none":
        return ""
    if form == "nginx":
        return f'"{modified:x}-{size:x}"'
    if form == "apache":
        return f'"{size:x}-{modified * 1_000_000:x}"'
    if form == "iis":
        return f'"{(modified + _EPOCH_OF_WINDOWS) * 10_000_000:x}:0"'
    return f'"{(modified * 2654435761 + size) % (1 << 32)}"'


def error_page(profile: HttpProfile, status: int, host: str, port: int, words: str = "") -> tuple[str, bytes]:
    """Return content type and body of this server's own page for an error or redirection; `words` are Apache's."""
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
        return "text/html; charset=iso-8859-1", _apache_page(profile, status, f"{host} Port {port}", words).encode()
    body = (
        '<?xml version="1.0" encoding="iso-8859-1"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"\n'
        '         "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">\n'
        '<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">\n'
        f" <head>\n  <title>{title}</title>\n </head>\n <body>\n  <h1>{title}</h1>\n </body>\n</html>\n"
    )
    return "text/html", body.encode()


def padded(answer: Response, agent: str) -> Response:
    """Return nginx's answer as that User-Agent is given it (`msie_padding`)."""
    own_page = answer.status >= 400 and b"<hr><center>" in answer.body[-100:]
    return answer._replace(body=answer.body + _PADDING) if own_page and _PADDED.match(agent) else answer


def _own_page(profile: HttpProfile, status: int) -> str:
    page = profile.behaviour.error_pages.get(str(status), profile.behaviour.error_page)
    return page.replace("{status}", str(status)).replace("{reason}", reason(profile, status))


def _doctype(server: str) -> str:
    """Return how Apache's pages begin: seen of 2.4.71, while 2.4.62 still had the older one."""
    found = re.match(r"Apache/2\.4\.(\d+)", server)
    if found and int(found[1]) >= 71:
        return '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN" "http://www.w3.org/TR/html4/strict.dtd">\n'
    return '<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n'


def _apache_page(profile: HttpProfile, status: int, place: str, words: str) -> str:
    text = words or _APACHE_TEXT.get(status)
    status = status_line(profile, status)
    phrase = reason(profile, status)
    text = text or f"<p>{phrase}</p>"
    return (
        f"{_doctype(profile.server)}<html><head>\n"
        f"<title>{status} {phrase}</title>\n</head><body>\n<h1>{phrase}</h1>\n{text}\n<hr>\n"
        f"<address>{profile.server} Server at {place}</address>\n</body></html>\n"
    )


def http_date(moment: float) -> str:
    """Return a time in the form of RFC 9110 §5.6.7."""
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(moment))


class Exchange(NamedTuple):
    """What a response depends on beside what is answered."""

    keep_alive: bool = False
    head_only: bool = False
    old: bool = False
    """Whether the request is of HTTP/1.0."""
    asks_to_stay: bool = False
    """Whether it says that the connection shall be kept."""
    number: int = 0
    """How many requests the connection had before."""
    bare: bool = False
    """Whether the body is all that is sent (HTTP/0.9)."""


def may_be_compressed(kind: str, size: int) -> bool:
    """Return whether Apache would compress a file of that media type and size for another client."""
    kind = kind.partition(";")[0]
    return kind in COMPRESSED_BY_APACHE and size >= (1 if kind == "text/html" else _LEAST_OF_APACHE)


def _own_fields(profile: HttpProfile, answer: Response, exchange: Exchange) -> dict[str, str]:
    """Return the fields of a response in which Apache and lighttpd differ from the others."""
    fields: dict[str, str] = {}
    given = dict(answer.headers)
    if profile.flavour == "apache":
        if exchange.keep_alive and exchange.asks_to_stay:
            fields |= {"Keep-Alive": f"timeout=5, max={100 - exchange.number}", "Connection": "Keep-Alive"}
        whole = answer.status == 200 and may_be_compressed(given.get("Content-Type", ""), len(answer.body))
        if whole or "Content-Encoding" in given:
            fields["Vary"] = "Accept-Encoding"
        if answer.chunked and not exchange.head_only:
            fields["Transfer-Encoding"] = "chunked"
    elif profile.flavour == "nginx":
        if answer.chunked and not exchange.head_only:
            fields["Transfer-Encoding"] = "chunked"
    elif profile.flavour == "lighttpd" and exchange.keep_alive and exchange.old:
        fields["Connection"] = "keep-alive"
    return fields


def fields_of(profile: HttpProfile, answer: Response, *, now: float, exchange: Exchange) -> list[tuple[str, str]]:
    """Return the response's headers in this server's order."""
    keep_alive, head_only = exchange.keep_alive, exchange.head_only
    known = {
        "Server": profile.behaviour.servers.get(str(answer.status), profile.server),
        "Date": http_date(now),
        "Connection": "keep-alive" if keep_alive else "close",
        "Content-Length": str(len(answer.body)),
    }
    if profile.flavour != "nginx" and (keep_alive or answer.hangs_up):
        del known["Connection"]
    unmeasured = head_only and (
        (profile.flavour == "apache" and (answer.status >= 300 or not answer.body))
        or (profile.flavour == "lighttpd" and answer.status == 301)
    )
    if answer.status == 304 or answer.chunked or unmeasured or not answer.measured:
        del known["Content-Length"]
    known |= _own_fields(profile, answer, exchange)
    if not known["Server"]:
        del known["Server"]
    extra: list[tuple[str, str]] = []
    order = _ORDER.get(profile.flavour, profile.behaviour.order)
    if profile.flavour == "apache" and any(name == "Content-Encoding" for name, _ in answer.headers):
        order = _ORDER["apache, compressed"]
    for name, value in (*profile.behaviour.headers.items(), *answer.headers):
        if name == "Accept-Ranges" and _is_old(profile, answer, exchange):
            continue
        if name in order:
            known[name] = value
        else:
            extra.append((name, value))
    fields = [(name, known[name]) for name in order if name in known]
    fields[2:2] = extra
    return fields


def _is_old(profile: HttpProfile, answer: Response, exchange: Exchange) -> bool:
    """Return whether it is answered in HTTP/1.0."""
    return profile.flavour == "lighttpd" and (exchange.old or answer.old)


def rendered(profile: HttpProfile, answer: Response, *, now: float, exchange: Exchange) -> bytes:
    """Return the response's bytes with this server's header order."""
    if exchange.bare:
        return answer.body
    version = 0 if _is_old(profile, answer, exchange) else 1
    lines = [f"{name}: {value}" for name, value in fields_of(profile, answer, now=now, exchange=exchange)]
    first = f"HTTP/1.{version} {answer.status} {reason(profile, answer.status)}"
    head = "\r\n".join([first, *lines, "", ""]).encode("latin-1", "replace")
    if exchange.head_only or answer.status == 304:
        return head
    return head + (b"%x\r\n%s\r\n0\r\n\r\n" % (len(answer.body), answer.body) if answer.chunked else answer.body)
