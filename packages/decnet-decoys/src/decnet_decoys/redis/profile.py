# SPDX-License-Identifier: MIT
"""A persona's profile of its Redis server."""

from typing import Annotated

import msgspec

from decnet_decoys.personas.schema import Part


class RedisProfile(Part, frozen=True, kw_only=True):
    """The server a decky claims to run."""

    version: str = "7.0.15"
    build: str = "ae4d7c971a948f0"
    """The build's identifier, as INFO shows it."""
    gcc: str = "12.2.0"
    password: str = ""
    """What AUTH must say; empty: anybody may do anything, as on most servers that are found on the Internet."""
    protected: bool = False
    """Whether a client may change where the server writes its files, or load a module (`enable-protected-configs`)."""
    directory: str = "/var/lib/redis"
    keys: dict[str, str] = msgspec.field(default_factory=dict)
    """What is stored when the decoy starts."""
    uptime_days: Annotated[int, msgspec.Meta(ge=0, le=5000)] = 12
