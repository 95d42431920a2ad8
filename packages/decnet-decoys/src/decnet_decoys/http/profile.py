# SPDX-License-Identifier: MIT
"""A persona's profile of its web server."""

import random
from typing import Annotated, Literal

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


class Behaviour(Part, frozen=True, kw_only=True):
    """How a server answers that is none of those known by name (`flavour = "own"`)."""

    order: tuple[str, ...] = ("Date", "Server", "Connection", "Content-Type", "Content-Length")
    """Headers in the order in which it sends them; others come after the second."""
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    """Headers of every response."""
    reasons: dict[str, str] = msgspec.field(default_factory=dict)
    """Reason phrases by status, where they are not those of RFC 9110."""
    servers: dict[str, str] = msgspec.field(default_factory=dict)
    """Server header by status, where another part of it answers."""
    error_type: str = "text/html"
    error_page: str = "<html><head><title>{status} {reason}</title></head><body>{status} {reason}</body></html>"
    """Its page for an error, with {status} and {reason} filled in."""
    error_pages: dict[str, str] = msgspec.field(default_factory=dict)
    """Pages by status, where they differ."""
    etag: Literal["nginx", "apache", "lighttpd", "iis", "none"] = "none"
    """In whose form its ETags are; none: it sends none."""
    allow: str = ""
    """Its answer to OPTIONS; empty: it does not know the method."""
    other_method: Annotated[int, msgspec.Meta(ge=400, le=599)] = 501
    """Status for a method that a page does not take."""
    absent: Annotated[int, msgspec.Meta(ge=300, le=599)] = 404
    """Status for a path without a page."""
    absent_location: str = ""
    """Where it redirects for such a path; {host} is the host that the client named."""
    keep_alive: bool = True
    """False: it closes the connection after each response."""


class HttpProfile(Part, frozen=True, kw_only=True):
    """The web server a decky claims to run."""

    flavour: Literal["nginx", "apache", "lighttpd", "own"]
    server: str
    """The header of that name; empty: it sends none."""
    behaviour: Behaviour = Behaviour()
    """Of the flavour `own`."""
    modified: int
    """Unix time of the web root's files."""
    pages: dict[str, Page]
    forms: tuple[Form, ...] = ()
    protected: dict[str, str] = msgspec.field(default_factory=dict)
    """Path prefix and its Basic realm (RFC 7617); no login is accepted."""

    def varied(self, drawing: random.Random) -> "HttpProfile":
        """Return the profile of a sibling: its files, and so their ETags, have another age."""
        return msgspec.structs.replace(self, modified=self.modified - drawing.randrange(300 * 86400))
