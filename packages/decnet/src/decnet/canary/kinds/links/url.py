# SPDX-License-Identifier: MIT
"""A URL."""

from decnet.canary.kinds.kind import Kind, link
from decnet_core.canary import SlugKind

KIND = Kind(
    SlugKind.URL,
    lambda token: link(token.url),
    trips="whoever opens the URL",
    reveals="the address, the user agent and the time",
)
