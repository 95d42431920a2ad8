# SPDX-License-Identifier: MIT
"""A desktop.ini: Windows fetches the folder's icon from a host name of ours."""

from decnet.canary.kinds.kind import Bait, Kind, Token
from decnet_core.canary import SlugKind


def _make(token: Token) -> Bait:
    text = f"[.ShellClassInfo]\r\nIconResource=\\\\%USERNAME%.{token.host}\\icons\\folder.ico,0\r\n"
    return Bait(text.encode("utf-16"), "desktop.ini", "text/plain")


KIND = Kind(
    SlugKind.DNS,
    _make,
    trips="Explorer that shows the folder; the folder must have the attribute `system` or `read-only` (attrib +s)",
    reveals="the user's name (in the host name), the address of the resolver and the time",
)
