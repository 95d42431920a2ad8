# SPDX-License-Identifier: MIT
"""A persona's profile of its web server."""

import random
from typing import Literal

import msgspec

from decnet_decoys.personas.schema import Part


class Page(Part, frozen=True, kw_only=True):
    """What HTTP answers at one path."""

    body: str = ""
    type: str = "text/html"
    status: int = 200
    location: str = ""
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    static: bool = True
    """A file of the web root: has ETag and Last-Modified."""


class Form(Part, frozen=True, kw_only=True):
    """A login form: where it posts to, its field names, the page after a rejected login."""

    path: str
    user_field: str
    password_field: str
    refused: Page


class HttpProfile(Part, frozen=True, kw_only=True):
    """The web server a decky claims to run."""

    flavour: Literal["nginx", "apache", "lighttpd"]
    server: str
    modified: int
    """Unix time of the web root's files."""
    pages: dict[str, Page]
    forms: tuple[Form, ...] = ()
    protected: dict[str, str] = msgspec.field(default_factory=dict)
    """Path prefix and its Basic realm (RFC 7617); no login is accepted."""

    def varied(self, drawing: random.Random) -> "HttpProfile":
        """Return the profile of a sibling: its files, and so their ETags, have another age."""
        return msgspec.structs.replace(self, modified=self.modified - drawing.randrange(300 * 86400))
