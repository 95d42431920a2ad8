# SPDX-License-Identifier: MIT
"""A picture of one pixel, for a mail or a page."""

from decnet.canary.kinds.kind import Kind, link
from decnet_core.canary import SlugKind

KIND = Kind(
    SlugKind.WEBBUG,
    lambda token: link(f"{token.url}.gif"),
    trips="a program that shows the mail or page with the picture",
    reveals="the address, the user agent and the time",
)
