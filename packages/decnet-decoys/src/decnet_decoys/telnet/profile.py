# SPDX-License-Identifier: MIT
"""A persona's profile of its Telnet server."""

from typing import Annotated

import msgspec

from decnet_decoys.personas.schema import Part


class TelnetProfile(Part, frozen=True, kw_only=True):
    """What telnetd and login show before a shell."""

    issue: str = ""
    """The machine's /etc/issue.net; empty: it has none."""
    tries: Annotated[int, msgspec.Meta(ge=1, le=20)] = 3
    """Logins that may fail before login ends the connection."""
    accept_after: Annotated[int, msgspec.Meta(ge=0)] = 0
    """A source's attempt of this number opens an existing account with whatever password; 0: never."""
