# SPDX-License-Identifier: MIT
"""Records one client's connection to one service as events, with the envelope filled in."""

from __future__ import annotations

import logging
import time
from typing import NamedTuple, Protocol
from uuid import UUID

from decnet_core.events.catalogue import ConnectionOpened, LoginAttempt, Payload, ServiceRequest
from decnet_core.events.codec import BadEventError
from decnet_core.events.ids import session_id
from decnet_core.runtime.counters import Counters
from decnet_core.text import bounded

log = logging.getLogger(__name__)

MAX_TEXT = 8192
"""Characters of one attacker's text that an event keeps."""


UNKNOWN_COMMAND = "unknown command"
"""The action of a command that the service does not have: by a name of the client's choice nothing could be folded."""


class Emitter(Protocol):
    """The part of `decnet_core.runtime.context.Context` that a recorder needs."""

    counters: Counters

    def emit(
        self,
        payload: Payload,
        *,
        ts: int | None = None,
        id: UUID | None = None,  # noqa: A002  # the envelope's own word
        decky: str | None = None,
        src: tuple[str, int | None] | None = None,
        dst: tuple[str, int | None] | None = None,
        session: str | None = None,
        synthetic: bool = False,
    ) -> object:
        """Append an event to the spool."""
        ...


class ConnectionInfo(NamedTuple):
    """Which client reached which service of which decky; addresses with ports."""

    decky: str
    service: str
    src: tuple[str, int]
    dst: tuple[str, int]
    synthetic: bool = False
    """Whether `orchestrator` announced it (`assigned.expected`)."""


class ConnectionRecorder:
    __slots__ = ("_emitter", "counters", "info", "session", "told")

    def __init__(self, emitter: Emitter, info: ConnectionInfo, session: str | None = None) -> None:
        self.info = info
        self.session = session or session_id(time.time_ns())
        self.told = False
        """Whether an event tells of something that the client did, beyond its coming."""
        self.counters = emitter.counters
        self._emitter = emitter

    @property
    def service(self) -> str:
        """The name of the service that the client reached."""
        return self.info.service

    def again(self, session: str) -> ConnectionRecorder:
        """Return a recorder of the same connection whose events carry another session."""
        return ConnectionRecorder(self._emitter, self.info, session)

    def opened(self) -> None:
        self.emit(ConnectionOpened(service=self.service))
        self.told = False

    def login(
        self,
        username: str | bytes,
        *,
        success: bool,
        password: str | bytes | None = None,
        method: str = "password",
        public_key: str | None = None,
        planted_by: str = "",
    ) -> None:
        """Record and count an attempt to log in; `planted_by` as in LoginAttempt."""
        self.counters.add("decoys_synthetic_logins" if self.info.synthetic else "decoys_logins")
        self.emit(
            LoginAttempt(
                service=self.service,
                username=text(username),
                success=success,
                method=method,
                password=None if password is None else text(password),
                public_key=public_key,
                planted_by=planted_by,
            )
        )

    def request(self, action: str, given: str | bytes = "", *, known: bool = True) -> None:
        """Record a command with what it was given, in the words of other honeypots, so that rules see all alike."""
        detail = {"ARGS": text(given)} if given else {}
        if not known:
            detail["known"] = "no"
        self.emit(ServiceRequest(service=self.service, action=action, detail=detail))

    def emit(self, payload: Payload, *, ts: int | None = None, id: UUID | None = None) -> None:  # noqa: A002
        """Record `payload`. When this returns, the event survives the death of the process.

        An event that cannot be encoded is counted, not raised: no text of a client may stop a decoy.
        """
        self.told = True
        try:
            self._emitter.emit(
                payload,
                ts=ts,
                id=id,
                decky=self.info.decky,
                src=self.info.src,
                dst=self.info.dst,
                session=self.session,
                synthetic=self.info.synthetic,
            )
        except BadEventError as error:
            self.counters.add("decoys_events_refused")
            log.warning("event refused kind=%s reason=%s", type(payload).__name__, error)


def text(value: str | bytes) -> str:
    r"""Return what a client sent as an event's text: bounded, valid Unicode, stray bytes as `\xNN`."""
    if isinstance(value, bytes):
        return value[:MAX_TEXT].decode("utf-8", "backslashreplace")
    return bounded(
        "".join(f"\\x{ord(c) - 0xDC00:02x}" if "\udc80" <= c <= "\udcff" else c for c in value[:MAX_TEXT]), MAX_TEXT
    )
