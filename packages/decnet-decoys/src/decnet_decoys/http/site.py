# SPDX-License-Identifier: MIT
"""What a persona's site answers to a request, and the credentials in it. Pure; what a client sends never comes back."""

import html
import re

from decnet_core.deckies.messages import PlacedFile
from decnet_core.net.http_head import Head
from decnet_decoys.changes.saved import SavedEntry
from decnet_decoys.http import apache, files, lighttpd
from decnet_decoys.http.flavour import Response, error_page, padded, status_line
from decnet_decoys.http.logins import Credentials, in_basic, in_form
from decnet_decoys.http.profile import Form, HttpProfile, Page
from decnet_decoys.http.request import BAD_TRAILER, HEAD_TOO_LARGE, BadRequest
from decnet_decoys.http.targets import media_type, of_absolute, of_nginx, path_of

_BELOW_HOST = re.compile(r"%(?![0-9A-Fa-f]{2})|^[a-z]+://")
"""What Apache refuses when it knows already which host is asked for."""
_METHOD_OF_NGINX = re.compile(r"[A-Z_-]*[A-Z][A-Z_-]*")
_EXACT_VERSION = re.compile(r" HTTP/1\.[01]$")
_KNOWN_VERSION = re.compile(r" HTTP/1\.[01]")
_EARLY = {"apache": apache.early, "lighttpd": lighttpd.early}


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
        answer = self._answered(head, body, found)
        if self._profile.flavour == "nginx":
            answer = padded(answer, head.get("user-agent") or "")
            if answer.status in (403, 404) and files.compresses(self._profile, answer, head):
                return files.compressed(self._profile, answer)
        both = head.get("transfer-encoding") is not None and head.get("content-length") is not None
        waits = bool(head.get("expect")) and not (head.all("content-length") or head.all("transfer-encoding"))
        if self._profile.flavour == "apache" and (both or (waits and answer.status == 200)):
            answer = answer._replace(close=True)
        return self.signed(answer, head)

    def asks_for_body(self, head: Head, *, waiting: bool, sent: bool) -> bool:
        """Return whether the server says "100 Continue" to a client that wants to hear it; `waiting`: for a body.

        nginx says it to whoever gets a file, and lighttpd not before it has found one, nor if a part is `sent` already.
        """
        if (head.get("expect") or "").lower() != "100-continue" or head.version == "HTTP/1.0":
            return False
        page = self._named(path_of(head.target) or "")
        there = page is not None
        takes = there and (head.method in ("GET", "HEAD") or self.reads_body(head))
        return {"nginx": takes, "lighttpd": waiting and there and not sent}.get(self._profile.flavour, waiting)

    def signed(self, answer: Response, head: Head) -> Response:
        """Return an answer of Apache's with the host and port below its error page that the client asked for."""
        if self._profile.flavour != "apache" or answer.status < 300:
            return answer
        host, port = apache.named(head, 443 if self._scheme == "https" else 80)
        was = f"Server at {apache.SERVER_NAME} Port {443 if self._scheme == 'https' else 80}<"
        return answer._replace(body=answer.body.replace(was.encode(), f"Server at {host} Port {port}<".encode()))

    def refused_body(self, status: int, head: Head) -> Response:
        """Return the answer to a body that is none, or too large.

        nginx and lighttpd have answered before they come upon a chunk that is none; they close the connection then.
        """
        flavour = self._profile.flavour
        codings = ", ".join(head.all("transfer-encoding")).lower()
        coded = codings == "chunked" and head.get("content-length") is None
        if status in (BAD_TRAILER, 408):
            return self.signed(self.error(400 if status == BAD_TRAILER else status, close=True), head)
        if flavour == "lighttpd" and head.get("content-length") == "":
            return self.error(411, close=True)
        if (flavour == "nginx" and coded) or (flavour == "lighttpd" and (coded or status == 413)):
            return self.answer(head, b"")._replace(close=True)
        if flavour == "apache" and coded and status == 413:
            large = self.error(413, close=True, words=apache.too_large(head))
            return self.signed(large._replace(measured=False), head)
        if status == 501 and flavour == "apache":
            return self.error(400, close=True)
        answer = self.error(status, close=True)
        return self.signed(answer._replace(measured=flavour != "apache"), head) if coded else answer

    def without_ranges(self, answer: Response) -> Response:
        """Return an answer without a word on parts: lighttpd offers them where a file is asked for by GET."""
        return answer._replace(headers=tuple(header for header in answer.headers if header[0] != "Accept-Ranges"))

    def refused(self, bad: BadRequest) -> Response:
        """Return the answer to what is no request."""
        status, head = bad.status, bad.head
        old = False
        if self._profile.flavour == "lighttpd":
            if bad.line.startswith(("GET ", "HEAD ", "POST ")) and status == 400 and head is None and bad.whole_line:
                status = 505 if not _KNOWN_VERSION.search(bad.line) else 400  # with more after it, it is none
            if (head is not None and not head.version.startswith("HTTP/1.")) or (head and head.version > "HTTP/1.1"):
                status = 505
            status = HEAD_TOO_LARGE if status == 414 else status
            old = (
                status in (505, HEAD_TOO_LARGE)
                or not bad.whole_line
                or (head is not None and head.version == "HTTP/1.0")
            )
            old = old or (head is None and _EXACT_VERSION.search(bad.line) is None)
        answer = self.error(status, close=True)
        if head is not None and self._profile.flavour == "apache" and _BELOW_HOST.search(head.target):
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
            return self._file([("Content-Type", media_type(name))], found.content, head, mtime)
        return self._public(path, head, body)

    def _gone(self, path: str, head: Head) -> Response:
        """Return the answer for a page that an intruder has removed."""
        if head.method not in ("GET", "HEAD", "POST"):
            return self._other_method(path, head, None)
        forbidden = path.endswith("/") and self._profile.flavour in ("nginx", "lighttpd")  # a directory without a page
        return self.error(403) if forbidden else self._nothing_there(head)

    def _public(self, path: str, head: Head, body: bytes) -> Response:
        form = self._form(path)
        if head.method == "POST" and form is not None and in_form(head, body, form) is not None:
            return self._page(form.refused, head)
        page = self._named(path) or self._above(path)
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

    def _above(self, path: str) -> Page | None:
        """Return the file that lighttpd takes for a script, of which the rest of the path would be an argument."""
        if self._profile.flavour != "lighttpd":
            return None
        above, found = path.rstrip("/"), None
        while above and found is None:
            found = self._named(above) if above != path else None
            above = above.rpartition("/")[0]
        return found if found is not None and found.static and found.body else None

    def reads_body(self, head: Head) -> bool:
        """Return whether a program answers, which is given the whole request first; a file is sent at once."""
        page = self._named(path_of(head.target) or "")
        return page is not None and not page.static

    def credentials(self, head: Head, body: bytes) -> Credentials | None:
        """Return the login that a request tries, by form or by Basic authentication (RFC 7617)."""
        basic = in_basic(head.get("authorization"))
        form = self._form(path_of(head.target) or "")
        if basic is not None or form is None or head.method != "POST":
            return basic
        return in_form(head, body, form)

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
        flavour = self._profile.flavour
        directory = page is None and self._is_directory(path)
        if directory and flavour in ("apache", "lighttpd"):
            return self._absent(path, head)
        if flavour == "apache":
            return apache.other_method(self, path, head, page.type if page is not None else None)
        if flavour == "lighttpd":
            return lighttpd.other_method(self, head, there=page is not None)
        return self._own_method(head.method) if flavour == "own" else self._method_of_nginx(head, directory or page)

    def _own_method(self, method: str) -> Response:
        allow = self._profile.behaviour.allow
        if method == "OPTIONS" and allow:
            return Response(200, (("Allow", allow),), b"")
        return self.error(self._profile.behaviour.other_method)

    def _method_of_nginx(self, head: Head, there: object) -> Response:
        known = _METHOD_OF_NGINX.fullmatch(head.method) is not None
        if not known or head.method in ("TRACE", "CONNECT"):
            return self.error(405 if known else 400, close=True)
        return self.error(405) if there else self._nothing_there(head)  # try_files is before the methods

    def _absent(self, path: str, head: Head) -> Response:
        """Return 404, or 301 for a directory named without its slash."""
        if not self._is_directory(path):
            return self._nothing_there(head)
        location = ("Location", self._directory(path + "/", head))
        if self._profile.flavour == "lighttpd":
            return Response(301, (location,), b"")
        escaped = html.escape(location[1], quote=False).replace('"', "&quot;")
        words = f'<p>The document has moved <a href="{escaped}">here</a>.</p>'
        return self.error(301, extra=(location,), words=words)

    def _is_directory(self, path: str) -> bool:
        """Return whether it names a directory of the site without its slash."""
        return any(known.startswith(path + "/") for known in self._profile.pages)

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
        """Return a file, or what the client wants of it; `mtime`: not the persona's."""
        file = files.File(tuple(headers), body, self._profile.modified if mtime is None else mtime)
        answer = files.sent(self._profile, file, head)
        if isinstance(answer, Response):
            return answer
        refused = self.error(answer.status, extra=answer.extra, hangs_up=answer.hangs_up)
        return refused._replace(chunked=answer.status == 416 and self._profile.flavour == "apache")

    def _directory(self, location: str, head: Head) -> str:
        """Return where the server redirects for a directory without its slash, with the query that was asked.

        nginx names its own port, Apache the one that the client named, each unless it is usual; lighttpd names no host.
        """
        usual = 443 if self._scheme == "https" else 80
        _, mark, query = head.target.partition("?")
        if self._profile.flavour == "lighttpd":
            location = lighttpd.location(location, mark + query)
        elif self._profile.flavour != "own":
            location += mark + query
        if self._profile.flavour == "nginx":
            name = of_nginx(head) or self._host
            return f"{self._scheme}://{name}{f':{self._port}' if self._port != usual else ''}{location}"
        if self._profile.flavour == "apache":
            name, port = apache.named(head, usual)
            name = f"[{name}]" if ":" in name else name.removesuffix(".")
            return f"{self._scheme}://{name}{f':{port}' if port != str(usual) else ''}{location}"
        return location if self._profile.flavour == "lighttpd" else self._absolute(location, head)

    def _absolute(self, location: str, head: Head) -> str:
        """Return the server's form of a redirection: with the client's host if that is a plain one."""
        return of_absolute(location, head, self._scheme, f"{self._host}:{self._port}")
