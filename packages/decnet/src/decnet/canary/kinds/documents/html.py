# SPDX-License-Identifier: MIT
"""A page with a picture of one pixel."""

from decnet.canary.instrument.markup import instrumented_html
from decnet.canary.kinds.kind import Bait, Kind, Token
from decnet_core.canary import SlugKind

_PAGE = b"""<!DOCTYPE html>
<html>
<head><title>Network diagram</title></head>
<body>
<p>Loading ...</p>
</body>
</html>
"""


def _make(token: Token) -> Bait:
    return Bait(instrumented_html(_PAGE, f"{token.url}.gif"), "network.html", "text/html")


KIND = Kind(
    SlugKind.WEBBUG,
    _make,
    trips="a browser or mail program that shows the page",
    reveals="the address, the user agent and the time",
)
