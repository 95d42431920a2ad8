# SPDX-License-Identifier: MIT
"""socket and urllib: where a program would connect to is recorded, and fails as on a network without a way out."""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from decnet_decoys.shell.effects import Pause, Requested, Steps, turn
from decnet_decoys.shell.machine.files.installed_files import TCP_SERVICES
from decnet_decoys.shell.python.imports.functions import fixed, natives, plain
from decnet_decoys.shell.python.imports.queues_and_times import parts_of_url
from decnet_decoys.shell.python.values import (
    RaisedError,
    Record,
    represented,
    text_of,
)

if TYPE_CHECKING:
    from decnet_decoys.shell.python.program import Program

MAX_QUERY = 1 << 13
MAX_FIELDS = 500
"""Characters and fields of a URL's query that are read."""


def reached(program: Program, address: Any) -> Steps[str]:
    """Record where a connection was to go, and return why there is none, empty if there is."""
    host, port = address[:2]
    yield Requested("connect", {"program": "python3", "target": f"{text_of(host)[:253]}:{str(port)[:5]}"})
    if not _is_address(text_of(host)) and text_of(host) not in ("localhost", program.call.shell.machine.hostname):
        raise RaisedError(GaiError(-3, "Temporary failure in name resolution"))
    own = text_of(host).startswith("127.") or text_of(host) in ("localhost", program.call.shell.machine.address)
    if own:
        return "" if port in TCP_SERVICES else "refused"
    yield Pause(2.0)
    return "timed out"


def connect(program: Program, address: Any) -> Steps[None]:
    why = yield from reached(program, address)
    if why == "refused":
        raise RaisedError(ConnectionRefusedError(111, "Connection refused"))
    if why:
        raise RaisedError(TimeoutError(110, "Connection timed out"))


def connect_ex(program: Program, address: Any) -> Steps[int]:
    why = yield from reached(program, address)
    return {"": 0, "refused": 111}.get(why, 11)


def made(program: Program, *_args: Any, **_named: Any) -> Record:
    nothing = fixed(None)
    return Record(
        "socket",
        natives(
            connect=connect,
            connect_ex=connect_ex,
            settimeout=nothing,
            close=nothing,
            send=lambda _program, data, *_: len(data),
            sendall=nothing,
            recv=fixed(b""),
            fileno=fixed(3),
            shutdown=nothing,
            setsockopt=nothing,
            bind=nothing,
            listen=nothing,
            setblocking=nothing,
            getsockname=fixed((program.call.shell.machine.address, 45678)),
            sendto=lambda _program, data, *_: len(data),
            makefile=fixed(None),
        ),
    )


def create_connection(program: Program, address: Any, *_others: Any, **_named: Any) -> Steps[Record]:
    yield from connect(program, address)
    return made(program)


def resolved(program: Program, host: Any) -> str:
    own = program.call.shell.machine
    if _is_address(text_of(host)):
        return text_of(host)
    if host not in ("localhost", own.hostname):
        raise RaisedError(GaiError(-3, "Temporary failure in name resolution"))
    return "127.0.0.1" if host == "localhost" else own.address


def socket_module(program: Program) -> dict[str, Any]:
    name = program.call.shell.machine.hostname
    return {
        **natives(
            socket=made,
            gethostname=fixed(name),
            getfqdn=fixed(name),
            gethostbyname=resolved,
            create_connection=create_connection,
            setdefaulttimeout=fixed(None),
            inet_aton=lambda _program, text: bytes(int(one) & 255 for one in text_of(text).split(".")[:4]),
            inet_ntoa=lambda _program, data: ".".join(text_of(one) for one in data[:4]),
            htons=lambda _program, port: (port & 255) << 8 | port >> 8 & 255,
        ),
        "AF_INET": 2,
        "AF_INET6": 10,
        "AF_UNIX": 1,
        "SOCK_STREAM": 1,
        "SOCK_DGRAM": 2,
        "SOCK_RAW": 3,
        "SOL_SOCKET": 1,
        "SO_REUSEADDR": 2,
        "IPPROTO_TCP": 6,
        "IPPROTO_UDP": 17,
        "error": OSError,
        "timeout": TimeoutError,
        "gaierror": GaiError,
        "SHUT_RDWR": 2,
    }


class GaiError(OSError):
    """A name that is not resolved."""

    __module__ = "socket"


GaiError.__name__ = "gaierror"


class UrlError(OSError):
    """A URL that could not be opened."""

    __module__ = "urllib.error"
    reason = ""

    def __str__(self) -> str:
        return f"<urlopen error {self.args[0] if self.args else ''}>"


UrlError.__name__ = "URLError"


def _is_address(text: str) -> bool:
    parts = text.split(".")
    return len(parts) == 4 and all(
        one.isascii() and one.isdecimal() and len(one) < 4 and int(one) < 256 for one in parts
    )


def fetched(_program: Program, url: Any, *_others: Any, **_named: Any) -> Steps[Any]:
    target = url.names.get("full_url") if isinstance(url, Record) else url
    text = text_of(target)[:2048]
    yield Requested("fetch", {"program": "python3", "url": text})
    host = urllib.parse.urlsplit(text).netloc.rpartition("@")[2].partition(":")[0] if "://" in text else ""
    if not host:
        raise RaisedError(ValueError(f"unknown url type: {represented(text)}"))
    if not _is_address(host) and host != "localhost":
        raise RaisedError(_unreached("[Errno -3] Temporary failure in name resolution"))
    if host.startswith("127.") or host == "localhost":
        raise RaisedError(_unreached("[Errno 111] Connection refused"))
    yield Pause(2.0)
    raise RaisedError(_unreached("[Errno 110] Connection timed out"))


def _unreached(reason: str) -> UrlError:
    error = UrlError(reason)
    error.reason = reason
    return error


def request(_program: Program, url: Any, *_others: Any, **_named: Any) -> Record:
    return Record("Request", {"full_url": url})


def request_module(_program: Program) -> dict[str, Any]:
    return natives(urlopen=fetched, urlretrieve=fetched, Request=request)


def urllib_module(program: Program) -> dict[str, Any]:
    return {
        "request": program.module("urllib.request"),
        "parse": program.module("urllib.parse"),
        "error": program.module("urllib.error"),
    }


def parse_module(_program: Program) -> dict[str, Any]:
    """Return urllib.parse, without encodings: Python keeps each name of one that it was ever asked for."""
    quoted, quoted_plus = plain(urllib.parse.quote), plain(urllib.parse.quote_plus)
    unquoted = plain(urllib.parse.unquote)
    return natives(
        urlparse=parts_of_url,
        urlsplit=parts_of_url,
        quote=lambda program, text, safe="/", **_named: quoted(program, text, safe),
        unquote=lambda program, text, **_named: unquoted(program, text),
        urljoin=plain(urllib.parse.urljoin),
        urlencode=_encoded,
        parse_qs=_query,
        quote_plus=lambda program, text, safe="", **_named: quoted_plus(program, text, safe),
    )


def _encoded(program: Program, query: Any, *_others: Any, **_named: Any) -> Steps[str]:
    """Return pairs as the query of a URL; raises TypeError of the program."""
    pairs = list(query.items()) if isinstance(query, dict) else (yield from program.items(query))
    words = []
    for pair in pairs:
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise TypeError("not a valid non-string sequence or mapping object")
        words.append("=".join(urllib.parse.quote_plus(text_of(one)) for one in pair))
        program.count_made(len(words[-1]))
        yield from turn()
    return "&".join(words)


def _query(_program: Program, text: Any, *_others: Any, **_named: Any) -> dict[str, list[str]]:
    try:
        return urllib.parse.parse_qs(text_of(text)[:MAX_QUERY], max_num_fields=MAX_FIELDS)
    except ValueError as error:
        raise RaisedError(error) from None


MODULES: dict[str, Callable[[Any], dict[str, Any]]] = {
    "socket": socket_module,
    "urllib": urllib_module,
    "urllib.request": request_module,
    "urllib.parse": parse_module,
    "urllib.error": lambda _program: {"URLError": UrlError, "HTTPError": UrlError},
}
