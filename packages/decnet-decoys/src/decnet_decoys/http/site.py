# SPDX-License-Identifier: MIT
"""What a persona's site answers to a request, and the credentials in it. Pure; what a client sends never comes back."""

import base64
import binascii
import os
import posixpath
import re
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote

from decnet_core.deckies.messages import PlacedFile
from decnet_core.net.http_head import Head
from decnet_decoys.changes.saved import SavedEntry
from decnet_decoys.http import apache, lighttpd
from decnet_decoys.http.flavour import Response, error_page, etag, http_date, status_line
from decnet_decoys.http.profile import Form, HttpProfile, Page
from decnet_decoys.http.request import HEAD_TOO_LARGE, BadRequest, has_bad_escape

MAX_FIELDS = 200
MAX_FORM = 8 << 10
"""Bytes of a form that are searched for a login: decoding costs a hundred times what receiving does."""

_RANGE = re.compile(r"bytes=([0-9]{0,9})-([0-9]{0,9})")
_SEVERAL = re.compile(r"bytes=([0-9]{1,9}-[0-9]{1,9}(?:,[0-9]{1,9}-[0-9]{1,9}){1,9})")
_ACCEPTS = ("Accept-Ranges", "bytes")
_MEDIA_TYPES = {
    ".html": "text/html",
    ".htm": "text/html",
    ".txt": "text/plain",
    ".xml": "text/xml",
    ".js": "text/javascript",
    ".json": "application/json",
    ".pdf": "application/pdf",
    ".svg": "image/svg+xml",
    ".zip": "application/zip",
}
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}")
_AUTHORITY = re.compile(r"([A-Za-z0-9_.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[^/]*)?$")


_KNOWN_VERSION = re.compile(r" HTTP/1\.[01]$")
_EARLY = {"apache": apache.early, "lighttpd": lighttpd.early}


class Credentials(NamedTuple):
    """A login attempt."""

    username: str
    password: str


class Site:
    """One decky's web site; `host` and `port` are what its error pages name."""

    def __init__(self, profile: HttpProfile, host: str, port: int, scheme: str = "http") -> None:
        self._profile = profile
        self._scheme = scheme
        self._host = host
        self._port = port

    @property
    def keeps_alive(self) -> bool:
        """Whether the server leaves a connection open that its client wants to use again."""
        return self._profile.behaviour.keep_alive

    def answer(self, head: Head, body: bytes, found: PlacedFile | SavedEntry | None = None) -> Response:
        """Return the answer to a request; `found` is a file at its path that is not the persona's, or none."""
        return self.signed(self._answered(head, body, found), head)

    def signed(self, answer: Response, head: Head) -> Response:
        """Return an answer of Apache's with the host and port below its error page that the client asked for."""
        if self._profile.flavour != "apache" or answer.status < 300:
            return answer
        host, port = apache.named(head, 443 if self._scheme == "https" else 80)
        was = f"Server at {apache.SERVER_NAME} Port {443 if self._scheme == 'https' else 80}<"
        return answer._replace(body=answer.body.replace(was.encode(), f"Server at {host} Port {port}<".encode()))

    def refused_body(self, status: int) -> Response:
        """Return the answer to a body that is none, or too large."""
        return self.error(400 if status == 501 and self._profile.flavour == "apache" else status, close=True)

    def without_ranges(self, answer: Response) -> Response:
        """Return an answer without a word on parts: lighttpd offers them where a file is asked for by GET."""
        return answer._replace(headers=tuple(header for header in answer.headers if header[0] != "Accept-Ranges"))

    def refused(self, bad: BadRequest) -> Response:
        """Return the answer to what is no request."""
        status, head = bad.status, bad.head
        old = False
        if self._profile.flavour == "lighttpd":
            if bad.line.startswith(("GET ", "HEAD ", "POST ")) and status == 400 and head is None and bad.whole_line:
                status = 505 if not _KNOWN_VERSION.search(bad.line) else 400
            if (head is not None and not head.version.startswith("HTTP/1.")) or (head and head.version > "HTTP/1.1"):
                status = 505
            status = HEAD_TOO_LARGE if status == 414 else status
            old = status in (505, HEAD_TOO_LARGE) or not bad.whole_line
        answer = self.error(status, close=True)
        if head is not None and self._profile.flavour == "apache" and has_bad_escape(head.target):
            return self.signed(answer, head)
        return answer._replace(old=old)

    def _answered(self, head: Head, body: bytes, found: PlacedFile | SavedEntry | None) -> Response:
        path = path_of(head.target)
        own = _EARLY.get(self._profile.flavour)
        answer = own(self, path, head) if own is not None else None
        if answer is not None:
            return answer
        if path is None or (path == "*" and self._profile.flavour == "nginx"):
            return self.error(400, close=True)
        realm = self._realm(path)
        if realm is not None:
            return self.error(401, extra=(("WWW-Authenticate", f'Basic realm="{realm}"'),))
        if isinstance(found, SavedEntry) and not found.kind:
            return self._gone(path, head)
        if found is not None and head.method in ("GET", "HEAD"):
            name = path + "index.html" if path.endswith("/") else path
            mtime = found.mtime if isinstance(found, SavedEntry) else None
            return self._file([("Content-Type", _media_type(name))], found.content, head, mtime)
        return self._public(path, head, body)

    def _gone(self, path: str, head: Head) -> Response:
        """Return the answer for a page that an intruder has removed."""
        if head.method not in ("GET", "HEAD", "POST"):
            return self._other_method(path, head, None)
        forbidden = path.endswith("/") and self._profile.flavour in ("nginx", "lighttpd")  # a directory without a page
        return self.error(403) if forbidden else self._nothing_there(head)

    def _public(self, path: str, head: Head, body: bytes) -> Response:
        form = self._form(path)
        if head.method == "POST" and form is not None and credentials_in_form(head, body, form) is not None:
            return self._page(form.refused, head)
        page = self._named(path)
        if head.method not in ("GET", "HEAD", "POST"):
            return self._other_method(path, head, page)
        if page is None:
            return self._absent(path, head)
        if head.method == "POST" and page.static and self._profile.flavour in ("nginx", "own"):
            return self.error(405)
        return self._page(page, head)

    def _named(self, path: str) -> Page | None:
        """Return the page at `path`; a directory's own file has its name, too."""
        index = self._profile.pages.get(path.removesuffix("index.html"))
        if path.endswith("/index.html") and index is not None and index.static and index.body:
            return index
        return self._profile.pages.get(path)

    def reads_body(self, head: Head) -> bool:
        """Return whether a program answers, which is given the whole request first; a file is sent at once."""
        page = self._named(path_of(head.target) or "")
        return page is not None and not page.static

    def credentials(self, head: Head, body: bytes) -> Credentials | None:
        """Return the login that a request tries, by form or by Basic authentication (RFC 7617)."""
        basic = _basic(head.get("authorization"))
        form = self._form(path_of(head.target) or "")
        if basic is not None or form is None or head.method != "POST":
            return basic
        return credentials_in_form(head, body, form)

    def error(
        self,
        status: int,
        *,
        extra: tuple[tuple[str, str], ...] = (),
        close: bool = False,
        words: str = "",
        hangs_up: bool = False,
    ) -> Response:
        """Return an error page; `words` are those of Apache's that differ, `hangs_up` closes without saying so."""
        host, port = self._host, self._port
        if self._profile.flavour == "apache":
            host, port = apache.SERVER_NAME, 443 if self._scheme == "https" else 80
        kind, body = error_page(self._profile, status, host, port, words)
        headers = (("Content-Type", kind), *extra)
        return Response(status_line(self._profile, status), headers, body, close, hangs_up=hangs_up)

    def _realm(self, path: str) -> str | None:
        return next((realm for prefix, realm in self._profile.protected.items() if path.startswith(prefix)), None)

    def _form(self, path: str) -> Form | None:
        return next((form for form in self._profile.forms if form.path == path), None)

    def _other_method(self, path: str, head: Head, page: Page | None) -> Response:
        method = head.method
        if self._profile.flavour == "apache":
            return apache.other_method(self, path, head, page.type if page is not None else None)
        if self._profile.flavour == "lighttpd":
            return lighttpd.other_method(self, head, there=page is not None)
        if self._profile.flavour == "own":
            allow = self._profile.behaviour.allow
            if method == "OPTIONS" and allow:
                return Response(200, (("Allow", allow),), b"")
            return self.error(self._profile.behaviour.other_method)
        if not method.isupper() or method == "TRACE":
            return self.error(405 if method == "TRACE" else 400, close=True)
        return self.error(405)

    def _absent(self, path: str, head: Head) -> Response:
        """Return 404, or 301 for a directory named without its slash."""
        if not any(known.startswith(path + "/") for known in self._profile.pages):
            return self._nothing_there(head)
        return self.error(301, extra=(("Location", self._directory(path + "/", head)),))

    def _nothing_there(self, head: Head) -> Response:
        if self._profile.flavour != "own":
            return self.error(404)
        location = self._profile.behaviour.absent_location
        extra = (("Location", self._absolute(location, head)),) if location else ()
        return self.error(self._profile.behaviour.absent, extra=extra)

    def _page(self, page: Page, head: Head) -> Response:
        if page.status >= 300 and not page.body:
            location = (("Location", self._absolute(page.location, head)),) if page.location else ()
            return self.error(page.status, extra=location)
        body = page.body.encode()
        headers = [("Content-Type", page.type), *page.headers.items()]
        if page.static:
            return self._file(headers, body, head)
        return Response(page.status, tuple(headers), body)

    def _file(self, headers: list[tuple[str, str]], body: bytes, head: Head, mtime: int | None = None) -> Response:
        """Return a file, a part of it (RFC 9110 §14), or that it was not modified (§13); `mtime`: not the persona's."""
        changed = self._profile.modified if mtime is None else mtime
        tag, modified = etag(self._profile, len(body), changed), http_date(changed)
        validators = (("Last-Modified", modified), *((("ETag", tag),) if tag else ()))
        ranges = ("Accept-Ranges", "bytes")
        if head.get("if-match") not in (None, "*", tag) and self._profile.flavour != "lighttpd":
            if self._profile.flavour == "apache":  # which has the page's headers by then, and no page of its own
                return Response(412, (*headers, *validators, ranges), b"")
            return self.error(412)
        if head.get("if-none-match") in ("*", tag) or head.get("if-modified-since") == modified:
            kept = {"apache": (*validators, ranges), "lighttpd": (*headers, *validators)}
            return Response(304, kept.get(self._profile.flavour, validators), b"")
        return self._whole_or_part((*headers, *validators), body, head)

    def _whole_or_part(self, headers: tuple[tuple[str, str], ...], body: bytes, head: Head) -> Response:
        """Return a file, or what of it the client wants (RFC 9110 §14)."""
        part = _RANGE.fullmatch(head.get("range") or "")
        ranged = part is not None and any(part.groups())
        if not ranged or part is None:
            several = self._several(headers, body, head.get("range") or "")
            return several or Response(200, (*headers, ("Accept-Ranges", "bytes")), body)
        return self._part(part[1], part[2], headers, body)

    def _several(self, headers: tuple[tuple[str, str], ...], body: bytes, wanted: str) -> Response | None:
        """Return the answer to a wish for several parts; None: to send the whole."""
        found = _SEVERAL.fullmatch(wanted)
        if found is None or self._profile.flavour not in ("apache", "lighttpd"):
            return None
        pairs = [pair.partition("-")[::2] for pair in found[1].split(",")]
        ranges = [(int(first), min(int(last), len(body) - 1)) for first, last in pairs]
        if any(begin > end for begin, end in ranges):
            return None
        if self._profile.flavour == "apache":
            boundary, kind = os.urandom(8).hex(), dict(headers)["Content-Type"]
            rest = tuple(header for header in headers if header[0] != "Content-Type")
            multipart = ("Content-Type", f"multipart/byteranges; boundary={boundary}")
            return Response(206, (*rest, multipart, _ACCEPTS), apache.parts(boundary, kind, body, ranges))
        joined = lighttpd.joined(ranges)
        return self._part(str(joined[0][0]), str(joined[0][1]), headers, body) if len(joined) == 1 else None

    def _part(self, first: str, last: str, headers: tuple[tuple[str, str], ...], body: bytes) -> Response:
        """Return the bytes from `first` to `last`, of which one may be missing, or that there are none (§14.2)."""
        size, flavour = len(body), self._profile.flavour
        begin = int(first) if first else max(0, size - int(last))
        end = min(int(last), size - 1) if first and last else size - 1
        backwards = bool(first and last) and int(last) < begin
        if backwards and flavour != "nginx":  # the others ignore such a range
            return Response(200, (*headers, ("Accept-Ranges", "bytes")), body)
        if backwards or begin >= size:
            if flavour == "apache":
                return self.error(416)._replace(chunked=True)
            return self.error(416, extra=(("Content-Range", f"bytes */{size}"),) if flavour != "lighttpd" else ())
        accepts = (_ACCEPTS,) if flavour in ("apache", "lighttpd") else ()
        answer = (*headers, *accepts, ("Content-Range", f"bytes {begin}-{end}/{size}"))
        return Response(206, answer, body[begin : end + 1])

    def _directory(self, location: str, head: Head) -> str:
        """Return where the server redirects for a directory without its slash.

        nginx names its own port, Apache the one that the client named, each unless it is usual; lighttpd names no host.
        """
        usual = 443 if self._scheme == "https" else 80
        if self._profile.flavour == "nginx":
            found = _AUTHORITY.match(head.get("host") or "")
            name = found[1].lower().removesuffix(".") if found else self._host
            return f"{self._scheme}://{name}{f':{self._port}' if self._port != usual else ''}{location}"
        if self._profile.flavour == "apache":
            name, port = apache.named(head, usual)
            name = f"[{name}]" if ":" in name else name.removesuffix(".")
            return f"{self._scheme}://{name}{f':{port}' if port != str(usual) else ''}{location}"
        return location if self._profile.flavour == "lighttpd" else self._absolute(location, head)

    def _absolute(self, location: str, head: Head) -> str:
        """Return the server's form of a redirection: with the client's host if that is a plain one."""
        host = head.get("host") or ""
        name, _, port = host.partition(":")
        if not _HOST.fullmatch(name) or not (port == "" or (port.isdecimal() and len(port) < 6)):
            host = f"{self._host}:{self._port}"
        if "://" in location:
            return location.replace("{host}", host.partition(":")[0])
        return f"{self._scheme}://{host}{location}"


def _media_type(path: str) -> str:
    """Return what the servers' own tables say of a file's ending (nginx mime.types)."""
    return _MEDIA_TYPES.get(posixpath.splitext(path)[1].lower(), "application/octet-stream")


def path_of(target: str) -> str | None:
    """Return the decoded path of a request target, None when it leaves the root or is invalid."""
    if target.startswith(("http://", "https://")):
        target = "/" + target.split("/", 3)[3] if target.count("/") >= 3 else "/"
    if target == "*":
        return "*"
    if not target.startswith("/"):
        return None
    path = unquote(target.partition("?")[0].partition("#")[0], errors="replace")
    depth = 0
    for part in path.split("/"):
        depth += -1 if part == ".." else int(part not in ("", "."))
        if depth < 0:
            return None
    if "\0" in path:
        return None
    clean = posixpath.normpath(path)
    clean = "/" + clean.lstrip("/")
    return clean + "/" if path.endswith("/") and clean != "/" else clean


def _basic(header: str | None) -> Credentials | None:
    kind, _, value = (header or "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        text = base64.b64decode(value.strip(), validate=True).decode("utf-8", "backslashreplace")
    except (binascii.Error, ValueError):
        return None
    username, colon, password = text.partition(":")
    return Credentials(username, password) if colon else None


def credentials_in_form(head: Head, body: bytes, form: Form) -> Credentials | None:
    """Return the login that a posted form carries (application/x-www-form-urlencoded)."""
    if "urlencoded" not in (head.get("content-type") or "application/x-www-form-urlencoded").lower():
        return None
    try:
        text = body[:MAX_FORM].decode("utf-8", "backslashreplace")
        fields = parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        return None
    values = dict(fields)
    if form.user_field not in values and form.password_field not in values:
        return None
    return Credentials(values.get(form.user_field, ""), values.get(form.password_field, ""))
