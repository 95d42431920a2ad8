# SPDX-License-Identifier: MIT
"""How each server sends a file: under conditions (RFC 9110 §13), in parts (§14), compressed (§8.4). Pure."""

from __future__ import annotations

import gzip
import time
from typing import NamedTuple

from decnet_core.net.http_head import Head
from decnet_decoys.http import dates, ranges
from decnet_decoys.http.flavour import COMPRESSED_BY_APACHE, Response, etag, http_date, may_be_compressed
from decnet_decoys.http.profile import HttpProfile

Headers = tuple[tuple[str, str], ...]

_ACCEPTS = ("Accept-Ranges", "bytes")
_LEAST_OF_NGINX = 20
"""gzip_min_length: what is shorter is sent as it is."""
MOST_COMPRESSED = 128 << 10
"""Bytes of a file that is compressed. A longer one is sent as it is."""
_MOST_AT_FULL_LEVEL = 64 << 10
"""Bytes that are compressed at Apache's level: 13 ms at worst. Twice as many would take 28 ms, at the next level 8."""


class File(NamedTuple):
    """A file as the server looks at it."""

    headers: Headers
    """Its Content-Type first."""
    body: bytes
    changed: int
    """Unix time."""


class Refused(NamedTuple):
    """The status of an error page instead of the file."""

    status: int
    extra: Headers = ()
    hangs_up: bool = False


def sent(profile: HttpProfile, file: File, head: Head) -> Response | Refused:
    """Return a file, parts of it, that it was not modified, or why it is not sent."""
    flavour = profile.flavour
    tag, modified = etag(profile, len(file.body), file.changed), http_date(file.changed)
    validators = (("Last-Modified", modified), *((("ETag", tag),) if tag else ()))
    if _fails(flavour, head, tag, file.changed):
        if flavour == "apache":  # which has the page's headers by then, and no page of its own
            size = str(len(file.body) if head.method == "HEAD" else 0)
            return Response(412, (*file.headers, *validators, _ACCEPTS, ("Content-Length", size)), b"")
        return Refused(412, hangs_up=flavour == "nginx")
    if _unchanged(flavour, head, tag, file.changed):
        kept = {"apache": (*validators, _ACCEPTS), "lighttpd": (*file.headers, *validators)}
        return Response(304, kept.get(flavour, validators), b"")
    whole = Response(200, (*file.headers, *validators, _ACCEPTS), file.body)
    if compresses(profile, whole, head):
        whole = compressed(profile, whole, tag)
        if flavour == "nginx":
            return whole
    return _ranged(profile, whole, head, tag, modified)


def _tags(flavour: str, field: str, tag: str) -> bool:
    tags = [one.strip() for one in field.split(",")]
    return field == "*" or (tag != "" and tag in tags) or (flavour == "lighttpd" and "*" in tags)


def _fails(flavour: str, head: Head, tag: str, changed: int) -> bool:
    """Return whether a condition of the client's forbids to send the file (412).

    lighttpd knows one only: that a tag which must not match does, for another method than GET and HEAD. For nginx no
    date is before all others.
    """
    none = head.get("if-none-match")
    if flavour in ("apache", "lighttpd") and head.method not in ("GET", "HEAD") and none is not None:
        return _tags(flavour, none, tag)
    if flavour == "lighttpd":
        return False
    match = head.get("if-match")
    if match is not None:
        return not _tags(flavour, match, tag)
    field = head.get("if-unmodified-since")
    since = dates.moment(flavour, field)
    return changed > since if since is not None else field is not None and flavour == "nginx"


def _unchanged(flavour: str, head: Head, tag: str, changed: int) -> bool:
    """Return whether the client has the file already; nginx wants the very date, the others one that is not before.

    Neither looks at one in the future.
    """
    none = head.get("if-none-match")
    if none is not None:
        return _tags(flavour, none, tag)
    since = dates.moment(flavour, head.get("if-modified-since"))
    if since is None:
        return False
    return since == changed if flavour in ("nginx", "own") else changed <= since <= time.time()


def compresses(profile: HttpProfile, answer: Response, head: Head) -> bool:
    """Return whether the server, as Debian configures it, compresses an answer for the client."""
    if not _accepts_gzip(head.get("accept-encoding") or "") or not answer.body or len(answer.body) > MOST_COMPRESSED:
        return False
    kind = dict(answer.headers).get("Content-Type", "").partition(";")[0].strip()
    if profile.flavour == "nginx":
        newer = head.version not in ("HTTP/1.0", "HTTP/0.9")
        plain = head.get("via") is None and answer.status in (200, 403, 404)
        return newer and plain and kind == "text/html" and len(answer.body) >= _LEAST_OF_NGINX
    return profile.flavour == "apache" and answer.status == 200 and kind in COMPRESSED_BY_APACHE


def _accepts_gzip(field: str) -> bool:
    for one in field[:200].lower().split(","):
        name, _, quality = one.partition(";")
        if name.strip() == "gzip":
            return quality.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def compressed(profile: HttpProfile, answer: Response, tag: str = "") -> Response:
    """Return an answer in gzip: nginx sends it in chunks and with a weak tag, Apache marks the tag."""
    nginx = profile.flavour == "nginx"
    level = 1 if nginx else 6 if len(answer.body) <= _MOST_AT_FULL_LEVEL else 5
    body = gzip.compress(answer.body, compresslevel=level, mtime=0)
    dropped = ("Accept-Ranges", "ETag") if nginx else ("ETag",)
    headers = tuple(header for header in answer.headers if header[0] not in dropped)
    mark = f"W/{tag}" if nginx else f'{tag.removesuffix(chr(34))}-gzip"'
    own = (("ETag", mark),) if tag else ()
    return answer._replace(headers=(*headers, *own, ("Content-Encoding", "gzip")), body=body, chunked=nginx)


def _ranged(profile: HttpProfile, whole: Response, head: Head, tag: str, modified: str) -> Response | Refused:
    """Return a file, or what of it the client wants (RFC 9110 §14)."""
    flavour, size = profile.flavour, len(whole.body)
    condition = head.get("if-range")
    asked = head.get("range")
    if flavour == "apache" and asked is not None:
        asked = ", ".join(head.all("range"))
    ignored = flavour == "lighttpd" and (head.method != "GET" or head.version != "HTTP/1.1")
    if ignored or condition not in (None, tag, modified):
        return whole
    spans = ranges.wanted(flavour, asked, size)
    if spans is None:
        return whole
    if not spans:
        return Refused(416, (("Content-Range", f"bytes */{size}"),) if flavour in ("nginx", "own") else ())
    headers = whole.headers
    if flavour == "apache" and may_be_compressed(dict(headers).get("Content-Type", ""), size):
        headers = (*headers, ("Vary", "Accept-Encoding"))
    if flavour in ("nginx", "own"):
        headers = tuple(header for header in headers if header[0] != "Accept-Ranges")
    if len(spans) > 1 and flavour in ("nginx", "apache", "lighttpd"):
        kind, body = ranges.multipart(flavour, dict(headers).get("Content-Type", ""), whole.body, spans)
        rest = tuple(header for header in headers if header[0] != "Content-Type")
        return whole._replace(status=206, headers=(*rest, ("Content-Type", kind)), body=body)
    if len(spans) > 1:
        return whole
    begin, end = spans[0]
    where = ("Content-Range", f"bytes {begin}-{end}/{size}")
    return whole._replace(status=206, headers=(*headers, where), body=whole.body[begin : end + 1])
