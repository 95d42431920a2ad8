# SPDX-License-Identifier: MIT
"""A user name with a password: any decoy of the fleet recognises the password."""

from decnet.canary.kinds.kind import Bait, Kind, Token, text_file
from decnet_core.canary import SlugKind


def _make(token: Token) -> Bait:
    return text_file("credentials.txt", f"svc-backup:{token.slug}\n")


KIND = Kind(
    SlugKind.LOGIN,
    _make,
    trips="a login with the password at any service of any decky, whatever the user name",
    reveals="the address, the decky and service, and the user name tried",
    path="~/credentials.txt",
    mode=0o600,
)
