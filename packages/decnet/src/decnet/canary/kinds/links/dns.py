# SPDX-License-Identifier: MIT
"""A host name."""

from decnet.canary.kinds.kind import Kind, link
from decnet_core.canary import SlugKind

KIND = Kind(
    SlugKind.DNS,
    lambda token: link(token.host),
    trips="whoever resolves the name, however indirectly",
    reveals="the address of the resolver, which is often the provider's, and the time",
)
