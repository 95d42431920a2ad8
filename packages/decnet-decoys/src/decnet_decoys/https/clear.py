# SPDX-License-Identifier: MIT
"""What nginx and Apache answer to HTTP that is sent to their port of TLS, where it is no TLS."""

from __future__ import annotations

from decnet_core.deckies.messages import PlacedFile
from decnet_core.net.http_head import Head
from decnet_decoys.changes.saved import SavedEntry
from decnet_decoys.http import apache
from decnet_decoys.http.flavour import Exchange, Response, error_page, rendered
from decnet_decoys.http.profile import HttpProfile
from decnet_decoys.http.site import Site

_TITLE = "The plain HTTP request was sent to HTTPS port"
_WORDS = (
    "<p>Your browser sent a request that this server could not understand.<br />\n"
    "Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />\n"
    " Instead use the HTTPS scheme to access this URL, please.<br />\n</p>"
)


def is_clear_for_nginx(first: bytes) -> bool:
    """Return whether nginx reads the first bytes as HTTP: it looks at one, for the kind of a record, or SSL 2."""
    return first[0] != 0x16 and first[0] < 0x80


class ClearSite(Site):
    """nginx answers every request in clear text with one page; what is no request, as ever."""

    def answer(self, head: Head, body: bytes, found: PlacedFile | SavedEntry | None = None) -> Response:
        return self.misplaced() if head.target.startswith("/") else super().answer(head, body, found)

    def misplaced(self) -> Response:
        kind, page = error_page(self._profile, 400, "", 0)
        title, words = b"<title>400 Bad Request</title>", f"<center>{_TITLE}</center>\r\n".encode()
        page = page.replace(title, f"<title>400 {_TITLE}</title>".encode()).replace(b"<hr>", words + b"<hr>")
        return Response(400, (("Content-Type", kind),), page, close=True)


def apache_page(profile: HttpProfile, now: float) -> bytes:
    """Return what Apache sends, whatever was asked: OpenSSL has told it that it was HTTP."""
    kind, page = error_page(profile, 400, apache.SERVER_NAME, 80, _WORDS)
    return rendered(profile, Response(400, (("Content-Type", kind),), page, close=True), now=now, exchange=Exchange())
