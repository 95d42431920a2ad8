# SPDX-License-Identifier: MIT
"""What an event tells of the attacker's doing: log-ins, sessions, commands, canary tokens."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from decnet_core.events.catalogue import (
    CanaryHit,
    CommandRun,
    LoginAttempt,
    Payload,
    SessionClosed,
    SessionOpened,
)
from decnet_core.text import for_column
from decnet_models.attackers import tables
from decnet_models.attackers.merge import Row
from decnet_workers.profiler.fingerprints import client, fingerprint
from decnet_workers.profiler.observation import NAME, Touch, text


def digest_of(login: LoginAttempt) -> str:
    """Return the key of a credential: the same for the same user name, password and public key on any service.

    32 hexadecimal digits, BLAKE2b (RFC 7693) over the parts, each with its length, so that no two triples can
    be confused.
    """
    digest = hashlib.blake2b(digest_size=16)
    for part in (login.username, login.password, login.public_key):
        data = b"" if part is None else part.encode("utf-8", "surrogatepass")
        digest.update(b"-" if part is None else b"%d:" % len(data))
        digest.update(data)
    return digest.hexdigest()


def _login(touch: Touch, payload: LoginAttempt) -> None:
    digest = digest_of(payload)
    tried: Row = {
        "uses": 1,
        "accepted": int(payload.success),
        "first_seen": touch.ts,
        "last_seen": touch.ts,
    }
    told: Row = {
        "first_seq": touch.seq,
        "username": for_column(payload.username),
        "password": text(payload.password),
        "public_key": text(payload.public_key),
    }
    touch.tally.add(tables.credential, (digest,), tried | told)
    use = (touch.attacker, digest, touch.service or "", touch.decky or tables.UNKNOWN)
    touch.tally.add(tables.credential_use, use, tried)
    if payload.public_key:
        fingerprint(touch, "ssh.public_key", payload.public_key)


def _opened(touch: Touch, payload: SessionOpened) -> None:
    told: Row = {
        "opened_seq": touch.seq,
        "opened_at": touch.ts,
        "username": text(payload.username),
        "terminal": text(payload.terminal),
    }
    _session(touch, told)


def _command(touch: Touch, payload: CommandRun) -> None:
    _session(touch, {"commands": 1, "first_command": touch.ts, "last_command": touch.ts})
    row: Row = {
        "attacker": touch.attacker,
        "session": touch.session,
        "ts": touch.ts,
        "service": touch.service or "",
        "decky": touch.decky,
        "text": for_column(payload.command),
        "known": payload.known,
    }
    touch.tally.add(tables.command, (touch.seq,), row)


def _closed(touch: Touch, payload: SessionClosed) -> None:
    told: Row = {
        "closed_seq": touch.seq,
        "closed_at": touch.ts,
        "duration_ms": payload.duration_ms,
        "recording": None if payload.recording is None else for_column(payload.recording, 64),
    }
    _session(touch, told)


def _session(touch: Touch, values: Row) -> None:
    """Merge into the session's row; a session without a name cannot be told from others and is only counted."""
    if touch.session is None:
        return
    told: Row = {"first_seq": touch.seq, "service": touch.service, "decky": touch.decky}
    touch.tally.add(tables.attacker_session, (touch.attacker, touch.session), touch.seen | told | values)


def _canary(touch: Touch, payload: CanaryHit) -> None:
    row: Row = {
        "attacker": touch.attacker,
        "token": for_column(payload.token, NAME),
        "channel": for_column(payload.channel, 32),
        "ts": touch.ts,
        "target": text(payload.target),
        "user_agent": text(payload.user_agent),
    }
    touch.tally.add(tables.canary_hit, (touch.seq,), row)
    if payload.user_agent:
        client(touch, "http.user_agent", payload.user_agent)


DETAILS: dict[type[Payload], Callable[[Touch, Any], None]] = {
    LoginAttempt: _login,
    CanaryHit: _canary,
    SessionOpened: _opened,
    CommandRun: _command,
    SessionClosed: _closed,
}
"""What else to keep of an event, by its kind."""
