# SPDX-License-Identifier: MIT
"""A client of the API of a remote master: TLS with a verified or pinned certificate, a token, clear errors."""

import hashlib
import hmac
import http.client
import ipaddress
import json
import os
import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, quote, urlencode, urlsplit

from decnet.cli.errors import NotFoundError, OperatorError, UnavailableError, WrongUsageError
from decnet.remote.commands import API, CA, PIN, TOKEN, TOKEN_FILE
from decnet_core.text import for_terminal, why_unreadable

PREFIX = "/api/v1"
_SECONDS = 60.0
_LARGEST = 256 << 20
_PAGE = 1000
_MOST_LINES = 100
"""Of what the master says of an error."""
_FORMS = "write https://HOST[:PORT], or unix:///PATH of the socket on the master"
_JSON = "application/json"
_PIN = re.compile(r"[0-9a-f]{64}")
_TOKEN = re.compile(r"[\x21-\x7e]{8,512}")


class Remote:
    """The API of one master; a connection for each request."""

    def __init__(self, url: str, token: str, *, ca: str = "", pin: str = "") -> None:
        """`ca` is a PEM file of authorities, `pin` the SHA-256 of the server's certificate; raises WrongUsageError."""
        parts, port = _parsed(url)
        if parts.scheme not in ("https", "http", "unix") or (parts.scheme != "unix" and not parts.hostname):
            raise WrongUsageError(f"--api {url!r}: {_FORMS}")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise WrongUsageError(
                "--api: the URL has no user, password, query or fragment; give the token with --token"
            )
        if not token:
            raise WrongUsageError(f"--api needs a token: --token, --token-file, {TOKEN} or {TOKEN_FILE}")
        if not _TOKEN.fullmatch(token):
            raise WrongUsageError("--api: a token has 8 to 512 characters and no spaces; `decnet token add` makes one")
        self._scheme, self._host, self._port = parts.scheme, parts.hostname or "", port
        self._socket, self._path = (parts.path, "") if parts.scheme == "unix" else ("", parts.path.rstrip("/"))
        self._token = token
        self._pin = pin.lower().replace(":", "")
        if self._pin and not _PIN.fullmatch(self._pin):
            raise WrongUsageError("--pin is the SHA-256 of the server's certificate: 64 hexadecimal digits")
        if parts.scheme == "http" and not _is_here(self._host):
            raise WrongUsageError(f"--api {url}: the token would be readable on the way; use https")
        self._context = self._tls(ca) if parts.scheme == "https" else None
        self.shown = f"{self._scheme}://{parts.netloc}{self._socket}{self._path}"

    @classmethod
    def of_environment(cls) -> "Remote | None":
        """Return the master that the environment names, None for this host's own fleet; raises WrongUsageError."""
        url = os.environ.get(API, "")
        if not url:
            return None
        token, file = os.environ.get(TOKEN, ""), os.environ.get(TOKEN_FILE, "")
        if not token and file:
            try:
                token = Path(file).read_text(encoding="ascii").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise WrongUsageError(f"--token-file {file} cannot be read: {why_unreadable(error)}") from error
        return cls(url, token, ca=os.environ.get(CA, ""), pin=os.environ.get(PIN, ""))

    def get(self, path: str, **query: Any) -> Any:
        """Return the answer to a GET; a query value of None is left out, of a tuple each is sent."""
        return self._asked("GET", path, query, None)

    def send(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """Return the answer to a request that changes something; None without one."""
        return self._asked(method, path, query, body)

    def listed(self, path: str, limit: int, **query: Any) -> list[Any]:
        """Return the first `limit` rows of a listing, page by page."""
        rows: list[Any] = []
        after: str | None = None
        while len(rows) < limit:
            page = self.get(path, limit=min(_PAGE, limit - len(rows)), after=after, **query)
            rows += page["items"]
            after = page["next"]
            if after is None:
                break
        return rows[:limit]

    def download(self, path: str, **query: Any) -> bytes:
        """Return a file as it is."""
        return self._content("GET", path, query, None)

    def made(self, path: str, body: Any) -> bytes:
        """Return a file that is made of what was asked, as it is."""
        return self._content("POST", path, {}, body)

    def upload(self, path: str, content: bytes, **query: Any) -> Any:
        """Return the answer to a file that is sent as it is."""
        return _read(self._content("POST", path, query, content, wanted=_JSON))

    def messages(self, path: str, **query: Any) -> Iterator[tuple[str, Any]]:
        """Yield the messages of a stream of server-sent events, each an event's name and its data, until it ends."""
        connection, answer = self._answer("GET", path, query, None, wanted="text/event-stream")
        try:
            yield "opened", None
            name, data = "message", ""
            for raw in answer:
                line = raw.decode("utf-8", "replace").rstrip("\r\n")
                field, _, value = line.partition(":")
                if not line:
                    if data:
                        yield name, json.loads(data)
                    name, data = "message", ""
                elif field == "event":
                    name = value.strip()
                elif field == "data":
                    data += value.removeprefix(" ")
        except (OSError, http.client.HTTPException) as error:
            raise UnavailableError(f"the connection to {self.shown} was lost: {error}") from error
        finally:
            connection.close()

    def _asked(self, method: str, path: str, query: Mapping[str, Any], body: Any) -> Any:
        content = self._content(method, path, query, body, wanted=_JSON)
        return _read(content) if content else None

    def _content(self, method: str, path: str, query: Mapping[str, Any], body: Any, *, wanted: str = "") -> bytes:
        connection, answer = self._answer(method, path, query, body, wanted=wanted)
        try:
            content = answer.read(_LARGEST + 1)
        except (OSError, http.client.HTTPException) as error:
            raise UnavailableError(f"the connection to {self.shown} was lost: {error}") from error
        finally:
            connection.close()
        if len(content) > _LARGEST:
            raise OperatorError(f"the answer of {self.shown} is too large; ask for less with --limit")
        return content

    def _answer(
        self, method: str, path: str, query: Mapping[str, Any], body: Any, *, wanted: str
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        """Send a request and return its answer, of the media type `wanted` unless that is empty."""
        connection = self._connection()
        headers = {"Authorization": f"Bearer {self._token}", "Accept": wanted or _JSON, "User-Agent": "decnet"}
        content = None
        if method != "GET" and body is not None:
            is_file = isinstance(body, bytes)
            content = body if is_file else json.dumps(body).encode()
            headers["Content-Type"] = "application/octet-stream" if is_file else "application/json"
        target = f"{self._path}{PREFIX}{path}{_encoded(query)}"
        try:
            self._open(connection)
            connection.request(method, target, body=content, headers=headers)
            answer = connection.getresponse()
        except ssl.SSLCertVerificationError as error:
            connection.close()
            raise OperatorError(
                f"the certificate of {self.shown} is not trusted ({error.verify_message}); name its authority with "
                "--ca FILE, or the SHA-256 of the certificate itself with --pin"
            ) from error
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise UnavailableError(f"{self.shown} cannot be reached: {error}") from error
        if answer.status >= 300:
            try:
                self._refuse(answer)
            finally:
                connection.close()
        if wanted and answer.status != http.HTTPStatus.NO_CONTENT and answer.headers.get_content_type() != wanted:
            connection.close()  # such as a proxy's page for log-in
            raise self._stranger(answer)
        return connection, answer

    def _refuse(self, answer: http.client.HTTPResponse) -> None:
        problem = _read(answer.read(1 << 20))
        said = problem.get("detail") or problem.get("title") if isinstance(problem, dict) else None
        lines = str(said or f"{answer.status} {answer.reason}").split("\n")[:_MOST_LINES]
        detail = "\n".join(for_terminal(line, 2048) for line in lines)
        if isinstance(problem, dict) and "title" in problem and answer.status == 404:
            raise NotFoundError(detail)
        if answer.status in (401, 403):
            raise OperatorError(f"{self.shown} refuses this token: {detail}")
        if answer.status in (429, 502, 503, 504):
            raise UnavailableError(f"{self.shown}: {detail}")
        if not isinstance(problem, dict) or "title" not in problem:
            raise self._stranger(answer)
        raise (WrongUsageError if answer.status == 422 else OperatorError)(detail)

    def _stranger(self, answer: http.client.HTTPResponse) -> OperatorError:
        said = for_terminal(f"{answer.status} {answer.reason}", 200)
        kind = for_terminal(answer.headers.get_content_type(), 100)
        return OperatorError(f"{self.shown} is no API of DECNET: it answered {said}, {kind}")

    def _connection(self) -> http.client.HTTPConnection:
        if self._scheme == "unix":
            return _OnSocket(self._socket)
        if self._context is not None:
            return http.client.HTTPSConnection(self._host, self._port, timeout=_SECONDS, context=self._context)
        return http.client.HTTPConnection(self._host, self._port, timeout=_SECONDS)

    def _open(self, connection: http.client.HTTPConnection) -> None:
        """Connect, and compare the certificate with the pin before anything is sent."""
        connection.connect()
        if not self._pin or self._context is None:
            return
        assert isinstance(connection.sock, ssl.SSLSocket)
        shown = hashlib.sha256(connection.sock.getpeercert(binary_form=True) or b"").hexdigest()
        if not hmac.compare_digest(shown, self._pin):
            connection.close()
            raise OperatorError(f"the certificate of {self.shown} is not the pinned one: its SHA-256 is {shown}")

    def _tls(self, ca: str) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(cafile=ca or None)
        except (OSError, ssl.SSLError) as error:
            raise WrongUsageError(f"--ca {ca} cannot be used: {error}") from error
        if self._pin and not ca:  # the certificate itself is known: who signed it and its names say nothing more
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context


class _OnSocket(http.client.HTTPConnection):
    """Over a UNIX socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_SECONDS)
        self._socket_path = path

    def connect(self) -> None:
        """Connect to the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._socket_path)


def place(text: object) -> str:
    """Return a part of a path."""
    return quote(str(text), safe="")


def _parsed(url: str) -> tuple[SplitResult, int | None]:
    """Return the parts of a URL and its port; raises WrongUsageError."""
    try:
        parts = urlsplit(url)
        (parts.hostname or "").encode("idna")  # as the connection will have it
        port = parts.port
    except ValueError as error:
        raise WrongUsageError(f"--api {url!r}: {error}; {_FORMS}") from error
    return parts, port


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _encoded(query: Mapping[str, Any]) -> str:
    given = ((name, value if isinstance(value, (tuple, list)) else (value,)) for name, value in query.items())
    pairs = [(name, _word(one)) for name, values in given for one in values if one is not None]
    return f"?{urlencode(pairs)}" if pairs else ""


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _read(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None
