# SPDX-License-Identifier: MIT
"""What an event adds to the tables of the attackers domain: a pure function from events to a tally.

Counts are of events, times are the events' own. Nothing depends on the order in which events are recorded: what
only one event can tell (a user name, a recording) is told by the one that was committed first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from decnet_core.events.catalogue import (
    CanaryHit,
    CertificateProbed,
    ClientIdentified,
    CommandRun,
    ConnectionOpened,
    FileCaptured,
    FlowClosed,
    HttpClient,
    HttpRequest,
    LoginAttempt,
    Payload,
    PortScan,
    ProbeChanged,
    ServiceRequest,
    SessionClosed,
    SessionOpened,
    SshKex,
    SshProbed,
    StackProbed,
    TcpStack,
    TlsClient,
    TlsProbed,
    TlsServer,
)
from decnet_core.events.envelope import Event
from decnet_core.text import for_column
from decnet_models.attackers import tables
from decnet_models.attackers.merge import Row, Tally
from decnet_models.events.queries import StoredEvent
from decnet_workers.profiler.phases import phases_of
from decnet_workers.profiler.tools import Tool, guess, guess_stack

MINUTE = 60_000_000_000

NAME = 255
VALUE = 512

ARRIVALS = (ConnectionOpened, CanaryHit, PortScan)
"""Kinds with which a contact begins; the gaps between them are the attacker's rhythm.

Not what a sensor sees on the wire (`flow.closed` and the like): the decoy that was touched tells of the same contact,
and the sensor folds many into one event at the end of its window.
"""

PROBED = (TlsProbed, CertificateProbed, SshProbed, StackProbed, ProbeChanged)
"""Kinds with which we tell what an attacker's host answered to us: nothing that it did."""


class Touch:
    """One event of one attacker, with what most tables want of it."""

    __slots__ = ("attacker", "decky", "event", "seen", "seq", "service", "session", "tally", "ts")

    def __init__(self, tally: Tally, attacker: str, stored: StoredEvent) -> None:
        self.tally = tally
        self.attacker = attacker
        self.seq = stored.seq
        self.event: Event = stored.event
        self.ts = stored.event.ts
        self.decky = _name(stored.event.decky)
        self.session = _name(stored.event.session)
        self.service = _name(service_of(stored.event.payload))
        self.seen: Row = {"events": 1, "first_seen": self.ts, "last_seen": self.ts}


def record(tally: Tally, attacker: str, stored: StoredEvent) -> None:
    """Add one event of `attacker` (canonical address) to `tally`."""
    touch = Touch(tally, attacker, stored)
    payload = stored.event.payload
    if isinstance(payload, PROBED):
        _probed(touch, payload)
        return
    tally.add(tables.attacker, (attacker,), touch.seen | _counts(payload))
    if touch.decky is not None:
        tally.add(tables.attacker_decky, (attacker, touch.decky), touch.seen)
    if touch.service is not None:
        tally.add(tables.attacker_service, (attacker, touch.service), touch.seen)
    for phase in phases_of(payload):
        tally.add(tables.attacker_phase, (attacker, phase), touch.seen)
    _activity(touch)
    details = _DETAILS.get(type(payload))
    if details is not None:
        details(touch, payload)


def _probed(touch: Touch, payload: TlsProbed | CertificateProbed | SshProbed | StackProbed | ProbeChanged) -> None:
    """Keep what a host answered; it was last seen when it last came, not when we asked it."""
    came: Row = {"events": 1, "first_seen": payload.contact, "last_seen": payload.contact}
    touch.tally.add(tables.attacker, (touch.attacker,), came)
    match payload:
        case TlsProbed(jarm=jarm):
            _fingerprint(touch, "jarm", jarm)
        case CertificateProbed(sha256=sha256):
            _fingerprint(touch, "certificate", sha256)
        case SshProbed(hassh=hassh):
            _fingerprint(touch, "hassh_server", hassh)
        case StackProbed(signature=signature):
            _fingerprint(touch, "tcp_stack", without_route(signature))
        case ProbeChanged(what=what):  # what it was and what it is are rows already
            _fingerprint(touch, "rotated", what)


def service_of(payload: Payload) -> str | None:
    """Return the service that was touched, None when the event is about no one service."""
    if isinstance(payload, HttpRequest):
        return "http"
    service: str | None = getattr(payload, "service", None)
    return service


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


def _counts(payload: Payload) -> Row:
    """Return which counts of the attacker an event raises."""
    if isinstance(payload, LoginAttempt):
        return {"logins": 1, "logins_accepted": int(payload.success)}
    name = _COUNTED.get(type(payload))
    return {name: 1} if name else {}


_COUNTED: dict[type[Payload], str] = {
    ConnectionOpened: "connections",
    SessionOpened: "sessions",
    CommandRun: "commands",
    HttpRequest: "requests",
    FileCaptured: "files",
    PortScan: "scans",
    CanaryHit: "canary_hits",
}


def _activity(touch: Touch) -> None:
    values: Row = {"events": 1}
    if isinstance(touch.event.payload, ARRIVALS):
        values = {"events": 1, "arrivals": 1, "first_arrival": touch.ts, "last_arrival": touch.ts}
    touch.tally.add(tables.attacker_activity, (touch.attacker, touch.ts // MINUTE), values)


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
        "password": _text(payload.password),
        "public_key": _text(payload.public_key),
    }
    touch.tally.add(tables.credential, (digest,), tried | told)
    use = (touch.attacker, digest, touch.service or "", touch.decky or tables.UNKNOWN)
    touch.tally.add(tables.credential_use, use, tried)
    if payload.public_key:
        _fingerprint(touch, "ssh.public_key", payload.public_key)


def _software(touch: Touch, payload: ClientIdentified) -> None:
    if payload.service in ("http", "https"):
        _client(touch, "http.user_agent", payload.software)
    else:
        _client(touch, f"{for_column(payload.service, 22)}.software", payload.software)


def _user_agent(touch: Touch, payload: HttpRequest) -> None:
    if payload.user_agent:
        _client(touch, "http.user_agent", payload.user_agent)


def _canary(touch: Touch, payload: CanaryHit) -> None:
    row: Row = {
        "attacker": touch.attacker,
        "token": for_column(payload.token, NAME),
        "channel": for_column(payload.channel, 32),
        "ts": touch.ts,
        "target": _text(payload.target),
        "user_agent": _text(payload.user_agent),
    }
    touch.tally.add(tables.canary_hit, (touch.seq,), row)
    if payload.user_agent:
        _client(touch, "http.user_agent", payload.user_agent)


def _client(touch: Touch, kind: str, software: str) -> None:
    _fingerprint(touch, kind, software)
    _tool(touch, guess(software))


def _tool(touch: Touch, tool: Tool | None) -> None:
    if tool is not None:
        touch.tally.add(tables.attacker_tool, (touch.attacker, tool.name, tool.purpose), touch.seen)


def _fingerprint(touch: Touch, kind: str, value: str) -> None:
    touch.tally.add(tables.fingerprint, (touch.attacker, kind, for_column(value, VALUE)), touch.seen)


def _tls_client(touch: Touch, payload: TlsClient) -> None:
    _fingerprint(touch, "ja3", payload.ja3)
    _fingerprint(touch, "ja4", payload.ja4)


def _tls_server(touch: Touch, payload: TlsServer) -> None:
    _fingerprint(touch, "ja3s", payload.ja3s)


def _ssh_kex(touch: Touch, payload: SshKex) -> None:
    if payload.role == "server":
        _fingerprint(touch, "hassh_server", payload.hassh)
        return
    _fingerprint(touch, "hassh", payload.hassh)
    _client(touch, "ssh.software", payload.software)


def _http_client(touch: Touch, payload: HttpClient) -> None:
    _fingerprint(touch, "http_client", payload.headers_hash)
    if payload.user_agent:
        _client(touch, "http.user_agent", payload.user_agent)


def _tcp_stack(touch: Touch, payload: TcpStack) -> None:
    _fingerprint(touch, "tcp_stack", without_route(payload.signature))
    _fingerprint(touch, "muonfp", payload.muonfp)
    if payload.tool:
        _tool(touch, guess_stack(payload.tool))


def without_route(signature: str) -> str:
    """Return a p0f signature with the initial TTL, `64`, in place of what was left of it and the hops, `52+12`."""
    version, _, rest = signature.partition(":")
    ttl, _, rest = rest.partition(":")
    left, _, hops = ttl.partition("+")
    known = left.isdecimal() and hops.isdecimal() and len(ttl) < 8
    return f"{version}:{int(left) + int(hops)}:{rest}" if known else signature


def _opened(touch: Touch, payload: SessionOpened) -> None:
    told: Row = {
        "opened_seq": touch.seq,
        "opened_at": touch.ts,
        "username": _text(payload.username),
        "terminal": _text(payload.terminal),
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


@lru_cache(maxsize=1024)
def _name(text: str | None) -> str | None:
    return for_column(text, NAME) if text else None


def _text(text: str | None) -> str | None:
    return None if text is None else for_column(text)


_DETAILS: dict[type[Payload], Callable[[Touch, Any], None]] = {
    LoginAttempt: _login,
    ClientIdentified: _software,
    HttpRequest: _user_agent,
    CanaryHit: _canary,
    SessionOpened: _opened,
    CommandRun: _command,
    SessionClosed: _closed,
    SshKex: _ssh_kex,
    HttpClient: _http_client,
    TcpStack: _tcp_stack,
    TlsClient: _tls_client,
    TlsServer: _tls_server,
}

KINDS: tuple[type[Payload], ...] = (
    ConnectionOpened,
    LoginAttempt,
    ClientIdentified,
    SessionOpened,
    CommandRun,
    SessionClosed,
    HttpRequest,
    FileCaptured,
    CanaryHit,
    ServiceRequest,
    PortScan,
    SshKex,
    HttpClient,
    TcpStack,
    FlowClosed,
    TlsClient,
    TlsServer,
    *PROBED,
)
"""What is recorded. Not `syslog.message`: its source is the host that forwards its log, not an attacker."""
