# SPDX-License-Identifier: MIT
"""A persona's profile of its SMTP server."""

from typing import Annotated

import msgspec

from decnet_decoys.personas.schema import Part


class SmtpProfile(Part, frozen=True, kw_only=True):
    """The server a decky claims to run."""

    name: str = ""
    """Its `myhostname`; empty: the machine's name."""
    banner: str = "ESMTP Postfix (Debian/GNU)"
    size: Annotated[int, msgspec.Meta(ge=1024, le=1 << 30)] = 10_240_000
    """The largest mail it takes, in bytes."""
    tls: bool = True
    log_in: bool = True
    """Whether it offers AUTH."""
    domains: tuple[str, ...] = ()
    """Domains that it takes mail for."""
    relay: bool = True
    """Whether it takes mail for others, too: an open relay, as those who send spam look for."""
    accept_after: Annotated[int, msgspec.Meta(ge=0)] = 0
    """A source's attempt of this number opens an existing account with whatever password; 0: never."""
