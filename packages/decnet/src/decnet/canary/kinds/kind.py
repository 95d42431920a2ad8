# SPDX-License-Identifier: MIT
"""What a kind of canary token is."""

from collections.abc import Callable

import msgspec

from decnet_core.canary import SlugKind


class Token(msgspec.Struct, frozen=True):
    """A new token and the places where its use is seen: what bait is made of."""

    slug: str
    url: str
    """Its URL; trips by HTTP, or HTTPS where that is received."""
    host: str
    """Its host name in the canary's zone; trips when it is resolved."""
    key: bytes = b""
    """The fleet's canary key."""
    to: str = ""
    """Where a redirect leads."""
    site: str = ""
    """The host name of the site that may be cloned."""
    scheme: str = "postgresql"
    """Of a connection string."""
    wireguard: str = ""
    """ADDRESS:PORT or NAME:PORT of the WireGuard receiver; empty: there is none."""
    authority: str = ""
    """The file of the authority whose client certificates the receiver accepts; empty: none."""


class Bait(msgspec.Struct, frozen=True):
    """What is planted."""

    content: bytes
    name: str = ""
    """Of the file; empty for a link, which is pasted somewhere."""
    media_type: str = "text/plain"
    recognised_by: str | None = None
    """The fingerprint of the SSH key in it."""


class Kind(msgspec.Struct, frozen=True):
    """A kind; `trips` says who trips it by doing what, `reveals` what one then knows."""

    slug: SlugKind
    make: Callable[[Token], Bait]
    trips: str
    reveals: str
    needs: tuple[str, ...] = ()
    """Fields of the token that must not be empty."""
    path: str = ""
    """Where attackers look for its file on a decky; empty: in the user's home, for which `~` stands."""
    mode: int = 0o644
    """Of the file."""


def link(text: str) -> Bait:
    return Bait(text.encode())


def text_file(name: str, text: str, *, media_type: str = "text/plain") -> Bait:
    return Bait(text.encode(), name, media_type)
