# SPDX-License-Identifier: MIT
"""A persona's profile of its FTP server."""

from typing import Annotated

import msgspec

from decnet_decoys.personas.schema import Part


class FtpProfile(Part, frozen=True, kw_only=True):
    """The server a decky claims to run."""

    banner: str = "(vsFTPd 3.0.3)"
    tls: bool = True
    accept_after: Annotated[int, msgspec.Meta(ge=0)] = 0
    """A source's attempt of this number opens an existing account with whatever password; 0: never."""
    umask: int = 0o022
    """vsftpd's local_umask, as administrators set it: with its own, 077, no web server can read what is uploaded."""
