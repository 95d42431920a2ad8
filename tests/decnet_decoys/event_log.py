# SPDX-License-Identifier: MIT
"""Takes events as the runtime would; dies on demand."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from decnet_core.events.catalogue import Payload
from decnet_core.runtime.counters import Counters


class EventLog:
    """The events that were emitted, in order."""

    def __init__(self) -> None:
        self.counters = Counters()
        self.events: list[tuple[UUID | None, Payload]] = []
        self.sessions: list[str | None] = []
        self.dies = False

    @property
    def payloads(self) -> list[Payload]:
        return [payload for _, payload in self.events]

    def emit(self, payload: Payload, *, id: UUID | None = None, session: str | None = None, **_: Any) -> None:  # noqa: A002
        if self.dies:
            raise KeyboardInterrupt
        self.events.append((id, payload))
        self.sessions.append(session)
