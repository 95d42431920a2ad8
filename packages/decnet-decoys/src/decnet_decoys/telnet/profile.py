# SPDX-License-Identifier: MIT
"""A persona's profile of its Telnet server."""

from typing import Annotated, Literal

import msgspec

from decnet_decoys.personas.schema import Part


class TelnetProfile(Part, frozen=True, kw_only=True):
    """What telnetd and login show before a shell."""

    flavour: Literal["busybox", "inetutils"] | None = None
    """Which telnetd, with its login; None: that of the persona's family, inetutils for debian."""
    issue: str = ""
    """The machine's /etc/issue.net, which only BusyBox's server shows; empty: it has none."""
    tries: Annotated[int, msgspec.Meta(ge=1, le=20)] | None = None
    """Logins that may fail before login ends the connection; None: as many as that login allows."""
    accept_after: Annotated[int, msgspec.Meta(ge=0)] = 0
    """A source's attempt of this number opens an existing account with whatever password; 0: never."""
