# SPDX-License-Identifier: MIT
"""Section `[collect]`: which logs to read, as what, and how often to look."""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

Format = Literal["cowrie", "opencanary", "syslog"]


class SourceSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One `[[collect.source]]`."""

    name: Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9_.-]{0,62}$")]
    """Names the source in messages and in the position file; keep it, or the logs are read again."""
    format: Format
    path: Annotated[str, msgspec.Meta(min_length=1)]
    """A file, or a pattern of files (`*`, `?`, `[...]`)."""
    host: str = ""
    """The decky that these logs tell of; empty: what the source calls itself."""
    zone: str = "UTC"
    """Time zone of syslog lines that do not tell theirs (RFC 3164), e.g. Europe/Berlin."""

    def __post_init__(self) -> None:
        """Refuse a time zone that this system does not know."""
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"source {self.name!r}: there is no time zone {self.zone!r}") from error


class CollectSettings(msgspec.Struct, frozen=True):
    """Section `[collect]`; with no source it idles."""

    source: tuple[SourceSettings, ...] = ()
    busy_ms: Annotated[int, msgspec.Meta(ge=10, le=60_000)] = 200
    """Milliseconds between two looks while something is being written."""
    idle_ms: Annotated[int, msgspec.Meta(ge=10, le=60_000)] = 2000
    """The same, after nothing was found for a while."""
    linger_ms: Annotated[int, msgspec.Meta(ge=0, le=3_600_000)] = 60_000
    """How long a rotated file is kept open for a program that still writes to it, in milliseconds."""
    quarantine_bytes: Annotated[int, msgspec.Meta(ge=65_536)] = 16 << 20

    def __post_init__(self) -> None:
        """Refuse two sources of one name: they would overwrite each other's positions."""
        names = [source.name for source in self.source]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two sources are called {name!r}; give each its own name")
