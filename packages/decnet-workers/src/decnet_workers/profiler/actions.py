# SPDX-License-Identifier: MIT
"""What an event reports of the attacker's actions: logins, sessions, commands, canary tokens."""

from collections.abc import Callable
from typing import Any

import msgspec

from decnet_core.events.catalogue import CanaryHit, CommandRun, LoginAttempt, Payload, SessionClosed, SessionOpened
from decnet_core.text import for_column
from decnet_models.attackers import tables
from decnet_models.attackers.merge import Row
from decnet_workers.profiler.fingerprints import fingerprint, user_agents
from decnet_workers.profiler.logins import Login
from decnet_workers.profiler.observation import NAME, Observation, text


def _login(observation: Observation, payload: LoginAttempt) -> None:
    for login in observation.logins:
        _credential(observation, login)
    if observation.bait is not None:
        _hit(observation, observation.bait, payload.service, payload.username)


def _credential(observation: Observation, login: Login) -> None:
    tried, count = login.attempt, login.count
    used = (count, count * tried.success, observation.ts, observation.last_ts)
    reported = (observation.seq, for_column(tried.username), text(tried.password), text(tried.public_key))
    observation.tally.add_values(tables.credential, (login.digest,), (*used, *reported))
    key = (observation.attacker, login.digest, observation.service or "", observation.decky or tables.UNKNOWN)
    observation.tally.add_values(tables.credential_use, key, used)
    if tried.public_key:
        fingerprint(observation, "ssh.public_key", tried.public_key, count)


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
        "typing": None if payload.typing is None else msgspec.json.encode(payload.typing).decode(),
    }
    _session(observation, reported)


def _session(observation: Observation, values: Row) -> None:
    """Merge into the session's row; an event without a session id is only counted."""
    if observation.session is None:
        return
    events, first, last = observation.seen
    reported: Row = {"events": events, "first_seen": first, "last_seen": last, "first_seq": observation.seq}
    where: Row = {"service": observation.service, "decky": observation.decky}
    observation.tally.add(
        tables.attacker_session, (observation.attacker, observation.session), reported | where | values
    )


def _canary(observation: Observation, payload: CanaryHit) -> None:
    user_agent, scanner = text(payload.user_agent), payload.scanner
    _hit(
        observation,
        payload.token,
        payload.channel,
        payload.target,
        user_agent=user_agent,
        scanner=None if scanner is None else for_column(scanner, 64),
    )
    user_agents(observation, payload)


def _hit(
    observation: Observation,
    token: str,
    channel: str,
    target: str | None,
    *,
    user_agent: str | None = None,
    scanner: str | None = None,
) -> None:
    row: Row = {
        "attacker": observation.attacker,
        "token": for_column(token, NAME),
        "channel": for_column(channel, 32),
        "ts": observation.ts,
        "target": text(target),
        "user_agent": user_agent,
        "scanner": scanner,
    }
    observation.tally.add(tables.canary_hit, (observation.seq,), row)


DETAILS: dict[type[Payload], Callable[[Observation, Any], None]] = {
    LoginAttempt: _login,
    CanaryHit: _canary,
    SessionOpened: _opened,
    CommandRun: _command,
    SessionClosed: _closed,
}
"""What else to record of an event, by its kind."""
