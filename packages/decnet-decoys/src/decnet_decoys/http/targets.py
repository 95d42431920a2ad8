# SPDX-License-Identifier: MIT
"""Paths of request targets and the names of hosts, as each server reads them. Pure, never raising."""

import posixpath
import re
from urllib.parse import unquote

from decnet_core.net.http_head import Head

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


def media_type(path: str) -> str:
    """Return what the servers' own tables say of a file's ending (nginx mime.types)."""
    return _MEDIA_TYPES.get(posixpath.splitext(path)[1].lower(), "application/octet-stream")


_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}")
_ABSOLUTE = re.compile(r"(?i:[a-z][a-z0-9+.-]{0,30})://[^/?#]*")


def of_nginx(head: Head) -> str:
    """Return the host that nginx names in redirections: the client's without its port, whatever it is made of."""
    absolute = _ABSOLUTE.match(head.target)
    host = absolute[0].partition("://")[2] if absolute else head.get("host") or ""
    host = host.encode("latin-1", "replace").lower().decode("latin-1")  # ASCII letters only
    end = host.find("]") + 1 if host.startswith("[") and "]" in host else 0
    name = host if host.startswith("[") and not end else host[:end] + host[end:].partition(":")[0]
    return name.removesuffix(".")


def of_absolute(location: str, head: Head, scheme: str, own: str) -> str:
    """Return a redirection to `location` with the client's host if that is a plain one, else with `own`."""
    host = head.get("host") or ""
    name, _, port = host.partition(":")
    if not _HOST.fullmatch(name) or not (port == "" or (port.isdecimal() and len(port) < 6)):
        host = own
    if "://" in location:
        return location.replace("{host}", host.partition(":")[0])
    return f"{scheme}://{host}{location}"


def path_of(target: str) -> str | None:
    """Return the decoded path of a request target, None when it leaves the root or is invalid."""
    absolute = _ABSOLUTE.match(target)
    if absolute is not None:
        target = target[absolute.end() :]
        target = target if target.startswith("/") else "/" + target
    if target == "*":
        return "*"
    if not target.startswith("/"):
        return None
    path = unquote(target.partition("?")[0].partition("#")[0], errors="replace")
    if leaves_root(path) or "\0" in path:
        return None
    clean = posixpath.normpath(path)
    clean = "/" + clean.lstrip("/")
    return clean + "/" if path.endswith(("/", "/.", "/..")) and clean != "/" else clean


def leaves_root(path: str) -> bool:
    """Return whether the dots of a decoded path lead above the root."""
    depth = 0
    for part in path.split("/"):
        depth += -1 if part == ".." else int(part not in ("", "."))
        if depth < 0:
            return True
    return False
