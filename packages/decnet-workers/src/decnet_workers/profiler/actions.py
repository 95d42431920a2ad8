# SPDX-License-Identifier: MIT
"""What an event reports of the attacker's actions: logins, sessions, commands, canary tokens."""

import hashlib
from collections.abc import Callable
from typing import Any

from decnet_core.events.catalogue import CanaryHit, CommandRun, LoginAttempt, Payload, SessionClosed, SessionOpened
from decnet_core.text import for_column
from decnet_models.attackers import tables
from decnet_models.attackers.merge import Row
from decnet_workers.profiler.fingerprints import fingerprint, user_agents
from decnet_workers.profiler.observation import NAME, Observation, text


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


def _login(observation: Observation, payload: LoginAttempt) -> None:
    for one, count in payload.variants():
        _credential(observation, one, count)


def _credential(observation: Observation, payload: LoginAttempt, count: int) -> None:
    digest = digest_of(payload)
    tried: Row = {
        "uses": count,
        "accepted": count * payload.success,
        "first_seen": observation.ts,
        "last_seen": observation.last_ts,
    }
    reported: Row = {
        "first_seq": observation.seq,
        "username": for_column(payload.username),
        "password": text(payload.password),
        "public_key": text(payload.public_key),
    }
    observation.tally.add(tables.credential, (digest,), tried | reported)
    use = (observation.attacker, digest, observation.service or "", observation.decky or tables.UNKNOWN)
    observation.tally.add(tables.credential_use, use, tried)
    if payload.public_key:
        fingerprint(observation, "ssh.public_key", payload.public_key, count)


def _opened(observation: Observation, payload: SessionOpened) -> None:
    reported: Row = {
        "opened_seq": observation.seq,
        "opened_at": observation.ts,
        "username": text(payload.username),
        "terminal": text(payload.terminal),
    }
    _session(observation, reported)


def _command(observation: Observation, payload: CommandRun) -> None:
    times: Row = {"first_command": observation.ts, "last_command": observation.last_ts}
    _session(observation, {"commands": payload.occurrences, **times})
    row: Row = {
        "attacker": observation.attacker,
        "session": observation.session,
        "ts": observation.ts,
        "service": observation.service or "",
        "decky": observation.decky,
        "text": for_column(payload.command),
        "known": payload.known,
    }
    observation.tally.add(tables.command, (observation.seq,), row)


def _closed(observation: Observation, payload: SessionClosed) -> None:
    reported: Row = {
        "closed_seq": observation.seq,
        "closed_at": observation.ts,
        "duration_ms": payload.duration_ms,
        "recording": None if payload.recording is None else for_column(payload.recording, 64),
    }
    _session(observation, reported)


def _session(observation: Observation, values: Row) -> None:
    """Merge into the session's row; an event without a session id is only counted."""
    if observation.session is None:
        return
    reported: Row = {"first_seq": observation.seq, "service": observation.service, "decky": observation.decky}
    observation.tally.add(
        tables.attacker_session, (observation.attacker, observation.session), observation.seen | reported | values
    )


def _canary(observation: Observation, payload: CanaryHit) -> None:
    row: Row = {
        "attacker": observation.attacker,
        "token": for_column(payload.token, NAME),
        "channel": for_column(payload.channel, 32),
        "ts": observation.ts,
        "target": text(payload.target),
        "user_agent": text(payload.user_agent),
    }
    observation.tally.add(tables.canary_hit, (observation.seq,), row)
    user_agents(observation, payload)


DETAILS: dict[type[Payload], Callable[[Observation, Any], None]] = {
    LoginAttempt: _login,
    CanaryHit: _canary,
    SessionOpened: _opened,
    CommandRun: _command,
    SessionClosed: _closed,
}
"""What else to record of an event, by its kind."""
