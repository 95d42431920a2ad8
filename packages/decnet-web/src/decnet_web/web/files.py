# SPDX-License-Identifier: MIT
"""The dashboard's built files, by the paths that they have in a browser.

The folder is listed when the worker starts and again when its page has changed. A path is looked up in that list and is
never made a file name, so no path leads out of the folder.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import msgspec

from decnet_web.web.messages.requests import Request, words

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".wasm": "application/wasm",
    ".txt": "text/plain; charset=utf-8",
}
"""Types by suffix; a file with another one is not served."""
ENCODINGS = {"br": ".br", "gzip": ".gz"}
"""Content codings by preference, and what the build adds to the names of files that have them."""
PAGE = "/index.html"
_HASHED = re.compile(r"/assets/[^/]+-[A-Za-z0-9_-]{8,}\.[a-z0-9]+")
"""What the build names by its content."""
_ASSET = re.compile(
    r"/assets/.*|.*\.(?:js|mjs|css|map|json|png|ico|svg|woff2?|wasm|txt|xml|html?|php|webmanifest|gz|br)"
)
"""Paths of no page: what is missing there is missing."""


class Variant(msgspec.Struct, frozen=True):
    """A file in one content coding."""

    path: Path
    size: int
    coding: str
    """Empty for the file itself."""


class Found(msgspec.Struct, frozen=True):
    """A file for a request."""

    variant: Variant
    fields: tuple[tuple[str, str], ...]
    etag: str


class Asset(msgspec.Struct, frozen=True):
    content_type: str
    cache: str
    etag: str
    plain: Variant
    coded: dict[str, Variant]


class Files:
    """The list of a folder's files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stamp: tuple[int, int] | None = None
        self._assets: dict[str, Asset] = {}

    @property
    def built(self) -> bool:
        """Whether there is a dashboard."""
        self._refresh()
        return PAGE in self._assets

    def find(self, request: Request) -> Found | None:
        """Return what is at the path of `request`, in the best coding that its client accepts."""
        self._refresh()
        asset = self._assets.get(request.path)
        if asset is None and _ASSET.fullmatch(request.path) is None:
            asset = self._assets.get(PAGE)  # a page of the dashboard: it reads the path itself
        if asset is None:
            return None
        variant = _best(asset, request)
        etag = f'"{asset.etag}{"-" * bool(variant.coding)}{variant.coding}"'
        fields = [
            ("Content-Type", asset.content_type),
            ("Content-Length", str(variant.size)),
            ("Cache-Control", asset.cache),
            ("ETag", etag),
        ]
        if asset.coded:
            fields.append(("Vary", "Accept-Encoding"))
        if variant.coding:
            fields.append(("Content-Encoding", variant.coding))
        return Found(variant, tuple(fields), etag)

    def _refresh(self) -> None:
        try:
            page = (self._folder / PAGE[1:]).stat()
            stamp = (page.st_ino, page.st_mtime_ns)
        except OSError:
            stamp = None
        if stamp != self._stamp:
            self._stamp, self._assets = stamp, _listed(self._folder) if stamp else {}


def not_modified(request: Request, etag: str) -> bool:
    """Return whether the client has the file already (RFC 9110 §13.1.2)."""
    known = [tag.removeprefix("w/") for tag in words(request.all("if-none-match"))]
    return "*" in known or etag.lower() in known


def _listed(folder: Path) -> dict[str, Asset]:
    assets = {}
    for path in sorted(folder.rglob("*")):
        name = "/" + path.relative_to(folder).as_posix()
        if path.is_file() and not path.is_symlink() and path.suffix in TYPES:
            assets[name] = _asset(name, path)
    if PAGE in assets:
        assets["/"] = assets[PAGE]
    return assets


def _asset(name: str, path: Path) -> Asset:
    immutable = _HASHED.fullmatch(name) is not None
    coded = {
        coding: Variant(other, other.stat().st_size, coding)
        for coding, suffix in ENCODINGS.items()
        if (other := path.with_name(path.name + suffix)).is_file()
    }
    return Asset(
        TYPES[path.suffix],
        "public, max-age=31536000, immutable" if immutable else "no-cache",
        hashlib.blake2b((name.encode() if immutable else path.read_bytes()), digest_size=12).hexdigest(),
        Variant(path, path.stat().st_size, ""),
        coded,
    )


def _best(asset: Asset, request: Request) -> Variant:
    accepted = {}
    for word in words(request.all("accept-encoding")):
        coding, _, weight = word.partition(";")
        accepted[coding.strip()] = re.fullmatch(r"\s*q=0(?:\.0*)?\s*", weight) is None
    return next(
        (asset.coded[coding] for coding in ENCODINGS if accepted.get(coding) and coding in asset.coded), asset.plain
    )
