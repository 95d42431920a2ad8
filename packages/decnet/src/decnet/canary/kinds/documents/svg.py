# SPDX-License-Identifier: MIT
"""A drawing with a picture of one pixel."""

from decnet.canary.instrument.markup import instrumented_svg
from decnet.canary.kinds.kind import Bait, Kind, Token
from decnet_core.canary import SlugKind

_DRAWING = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="320" height="200">\n'
    b'<rect x="20" y="20" width="120" height="60" fill="none" stroke="#333"/>\n</svg>\n'
)


def _make(token: Token) -> Bait:
    return Bait(instrumented_svg(_DRAWING, f"{token.url}.gif"), "network.svg", "image/svg+xml")


KIND = Kind(
    SlugKind.WEBBUG,
    _make,
    trips="a browser that opens the file itself; not a page that shows it by <img>",
    reveals="the address, the user agent and the time",
)
