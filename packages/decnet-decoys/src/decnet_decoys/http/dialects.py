# SPDX-License-Identifier: MIT
"""Which heads each server takes for a request: its request line, field names, line ends, hosts, and limits. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

from decnet_core.net.http_head import TOKEN, Head, Rules

MAX_HEAD = 32 << 10
MAX_TARGET = 8190
MAX_HEADERS = 100
_PORT = 0xFFFF


class Dialect(NamedTuple):
    """What one server takes."""

    name: str
    """The flavour of the profiles whose server it is."""
    rules: Rules
    host: re.Pattern[str]
    """A whole Host field that is not empty, with the group port."""
    bare_lf: bool = True
    """Whether lines may end by LF alone."""
    not_first: bytes = b""
    """With what a request may not begin; other empty lines before it are skipped."""
    waits: bool = False
    """Whether a first line that is none is answered only after an empty line."""
    any_version: bool = False
    """Whether versions from 2.0 on are taken for 1.1."""
    without_version: bool = False
    """Whether a GET without a version is answered, without a head (HTTP/0.9)."""
    high_ports: bool = True
    """Whether a port may be above 65535."""


def _rules(line: bytes, fields: int = MAX_HEADERS, name: bytes = TOKEN + b"+") -> Rules:
    return Rules(
        line=re.compile(line),
        head_bytes=MAX_HEAD,
        target_bytes=MAX_TARGET,
        field_bytes=MAX_TARGET + 1,  # with its CR
        fields=fields,
        decode=lambda value: value.decode("latin-1"),  # RFC 9110 §5.5
        name=re.compile(name),
    )


_LINE = rb"(?P<method>" + TOKEN + rb"{1,64}) (?P<target>[^ ]+) (?P<version>HTTP/[0-9]\.[0-9])"
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_MOST_FIELDS = 2000
"""Of servers that bound a head by its bytes alone."""
USUAL = Dialect("own", _rules(_LINE), re.compile(r"(\[[0-9A-Za-z:.]+\]|[^\s/:\[\]]+)(?::(?P<port>[0-9]*))?"))
_NGINX = Dialect(
    "nginx",
    _rules(
        rb"(?P<method>" + TOKEN + rb"{1,64}) +(?P<target>[^ ]+) +(?P<version>HTTP/(?:[0-9]|[1-9][0-9]?)\.[0-9]{1,2}) *",
        _MOST_FIELDS,
        rb"[^\x00-\x20:\x7f]+",
    )._replace(
        begins=re.compile(rb"[A-Z_-]*(?: [^\x00-\x1f\x7f]*\r?)?\Z"),
        blank=b" ",
        many_returns=True,
    ),
    re.compile(r"[^\x00-\x20/\x7f]+(?P<port>)"),
    without_version=True,
)
_APACHE = Dialect(
    "apache",
    _rules(_LINE)._replace(folds=True, field_bytes=MAX_TARGET + 2, begins=re.compile(rb"")),
    re.compile(
        rf"(\[[0-9A-Fa-f:.]+\]|{_OCTET}(?:\.{_OCTET}){{3}}|(?![0-9.]+(?::|\Z))[A-Za-z0-9._-]+)(?::(?P<port>[0-9]+))?"
    ),
    bare_lf=False,
    any_version=True,
    not_first=b"\n",
    without_version=True,
    high_ports=False,
)
_LIGHTTPD = Dialect(
    "lighttpd",
    _rules(
        rb"(?P<method>[!-~]{0,64}) (?P<target>.+) (?P<version>HTTP/[0-9]\.[0-9])",
        _MOST_FIELDS,
    )._replace(folds=True, head_bytes=8192, begins=re.compile(rb"(?![\x00-\x20])")),
    re.compile(r"(\[[0-9A-Fa-f:.]+\]|(?![0-9]+(?::|\Z))(?!-)[A-Za-z0-9.-]+(?<!-))(?::(?P<port>[0-9]*))?"),
    bare_lf=False,
    not_first=b"\r\n",
    waits=True,
    high_ports=False,
)
DIALECTS = {"nginx": _NGINX, "apache": _APACHE, "lighttpd": _LIGHTTPD, "own": USUAL}
"""By the flavour of a profile."""

ABSOLUTE = re.compile(r"(?i:https?)://([^/?#]*)")
"""The beginning of a target that names the host, too."""
_NGINX_ABSOLUTE = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*://(?:\[[0-9A-Za-z:._~!$&'()*+,;=-]+\]|[A-Za-z0-9.-]+)(?::[0-9]*)?(?:[/?].*)?", re.DOTALL
)
_AUTHORITY = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[^/:@]+):[0-9]+")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
_CONTROLS_OF_FIELDS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_SIMPLE = re.compile(rb"GET +(?P<target>/[^ \r\n\0]*) *\r?")
_NO_SIMPLE = re.compile(rb"(?!GET )[A-Z_-]+ +/[^ \r\n\0]* *\r?")
_ONCE = {
    "nginx": (
        "if-modified-since", "if-unmodified-since", "if-match", "if-none-match", "content-range", "if-range",
        "transfer-encoding", "expect", "authorization",
    ),
    "lighttpd": ("content-type", "if-modified-since"),
}  # fmt: skip
"""Fields of which a second one is refused; by lighttpd if it differs."""


def simple_target(line: bytes, dialect: Dialect) -> str | None:
    """Return the target of a whole first line that has no version, if the server answers it."""
    found = _SIMPLE.fullmatch(line) if dialect.without_version else None
    return None if found is None else found["target"].decode("latin-1")


def refuses_without_version(line: bytes, dialect: Dialect) -> bool:
    """Return whether it is HTTP/0.9 by another method than GET, which nginx refuses in HTTP/0.9."""
    return dialect.name == "nginx" and _NO_SIMPLE.fullmatch(line) is not None


def takes_fields(dialect: Dialect, head: Head) -> bool:
    """Return whether there is no field twice that may be there once, and no control byte in any."""
    if dialect.name != "nginx" and any(_CONTROLS_OF_FIELDS.search(value) for _, value in head.headers):
        return False
    for name in _ONCE.get(dialect.name, ()):
        found = head.all(name)
        if len(found) > 1 and (dialect.name == "nginx" or len(set(found)) > 1):
            return False
    return True


def keeps_alive(head: Head, dialect: Dialect) -> bool:
    """Return whether the client wants the connection to stay open: of several fields the last one that says so.

    To Apache they are one.
    """
    stays = head.version != "HTTP/1.0"
    fields = [field.lower() for field in head.all("connection")]
    for field in [", ".join(fields)] if dialect.name == "apache" else fields:
        if "close" in field:
            stays = False
        elif "keep-alive" in field:
            stays = True
    return stays


def takes_host(dialect: Dialect, text: str) -> bool:
    """Return whether a Host field names a host."""
    found = dialect.host.fullmatch(text)
    if found is None or ".." in text or text == ".":
        return False
    port = found["port"] or "0"
    return dialect.high_ports or (len(port) <= 5 and int(port) <= _PORT)


def has_hosts(dialect: Dialect, head: Head) -> bool:
    """Return whether there is one Host field, as far as the server wants one (RFC 9112 §3.2)."""
    hosts = head.all("host")
    if dialect.name == "lighttpd":
        absolute = ABSOLUTE.match(head.target)
        hosts = [host.lower() for host in hosts if host or len(hosts) == 1]  # empty fields are left out
        hosts += [absolute[1].lower()] if absolute else []
        return len({*hosts}) == 1 or (not hosts and head.version == "HTTP/1.0")
    return head.has_one_host


def takes_target(dialect: Dialect, head: Head) -> bool:
    """Return whether the server makes anything of a target; what it refuses then names no host of the client's."""
    if dialect.name == "nginx":
        absolute = "://" in head.target and not head.target.startswith("/")
        good = not absolute or _NGINX_ABSOLUTE.fullmatch(head.target) is not None
        return good and _CONTROLS.search(head.target) is None
    if dialect.name != "apache":
        return True
    if _CONTROLS.search(head.target) is not None:
        return False
    if head.method == "CONNECT":
        return _AUTHORITY.fullmatch(head.target) is not None
    plain = head.target.startswith("/") or ABSOLUTE.match(head.target) is not None
    return "#" not in head.target and (plain or (head.target == "*" and head.method == "OPTIONS"))
