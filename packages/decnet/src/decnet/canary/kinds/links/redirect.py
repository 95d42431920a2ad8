# SPDX-License-Identifier: MIT
"""A URL that leads on to a page, so that nobody wonders."""

from decnet.canary.kinds.kind import Bait, Kind, Token, link
from decnet_core.canary import SlugKind
from decnet_workers.canary.redirects import redirect_segment


def _make(token: Token) -> Bait:
    return link(f"{token.url}/{redirect_segment(token.key, token.slug, token.to)}")


KIND = Kind(
    SlugKind.REDIRECT,
    _make,
    trips="whoever opens the URL; the browser then shows the page that it leads to",
    reveals="the address, the user agent and the time",
    needs=("to",),
)
