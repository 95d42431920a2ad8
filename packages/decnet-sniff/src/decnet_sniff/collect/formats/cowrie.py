# SPDX-License-Identifier: MIT
"""Cowrie's JSON log (`output_jsonlog`, Cowrie 2 and 3): each event id becomes events of the catalogue.

An entered command line is one `session.command`. Cowrie also logs each part of it that it does not implement as
`cowrie.command.failed`; that becomes a `service.request`, so that no command is counted twice.

When a client requests forwarding, the destination (and in Cowrie 2 the source port) are the client's own claims, under
names that otherwise are Cowrie's: they become details of the request, not its endpoints.
"""

import base64
import binascii
import hashlib
from collections import OrderedDict
from collections.abc import Callable

from decnet_core.events.catalogue import (
    ClientIdentified,
    CommandRun,
    ConnectionOpened,
    FileCaptured,
    LoginAttempt,
    Payload,
    ServiceRequest,
    SessionClosed,
    SessionOpened,
)
from decnet_core.timing.timestamps import parse_iso8601
from decnet_sniff.collect.formats.json_fields import Fields, count, details, endpoint, json_object, text
from decnet_sniff.collect.outcome import Ignored, Outcome, Parsed, Rejected

_ENVELOPE = (
    "session", "protocol", "src_ip", "src_port", "dst_ip", "dst_port", "eventid", "sensor", "uuid", "timestamp",
    "message", "time", "format", "system", "isError",
)  # fmt: skip


_BEGIN, _END = "cowrie.session.connect", "cowrie.session.closed"


class Services:
    """The protocol of each session: Cowrie 2 logs it only when the session begins; bounded.

    Sessions that have ended are remembered a little longer, because a record may still follow the last.
    """

    def __init__(self, limit: int = 10_000, ended_limit: int = 100) -> None:
        self._limit, self._ended_limit = limit, ended_limit
        self._open: OrderedDict[str, str] = OrderedDict()
        self._ended: OrderedDict[str, str] = OrderedDict()

    def __len__(self) -> int:
        return len(self._open) + len(self._ended)

    def of(self, fields: Fields, session: str | None) -> str:
        """Return the record's own protocol, else that of its session, else ssh."""
        logged, event_id = text(fields, "protocol", 64), fields.get("eventid")
        if session is None:
            return logged or "ssh"
        if logged and event_id == _BEGIN:
            _remember(self._open, session, logged, self._limit)
        service = logged or self._open.get(session) or self._ended.get(session, "ssh")
        if event_id == _END:
            _remember(self._ended, session, self._open.pop(session, service), self._ended_limit)
        return service


def _remember(services: OrderedDict[str, str], session: str, service: str, limit: int) -> None:
    services[session] = service
    if len(services) > limit:
        services.popitem(last=False)


def parse(line: bytes, services: Services) -> Outcome:
    """Parse one line of the log; never raises."""
    fields = json_object(line)
    if isinstance(fields, str):
        return Rejected(fields)
    event_id = fields.get("eventid")
    if not isinstance(event_id, str):
        return Rejected("no eventid")
    if event_id in _NOT_ATTACKERS or event_id.startswith(_LOOKUPS):
        return Ignored(event_id)
    make = _KINDS.get(event_id)
    if make is None:
        return Rejected("unknown eventid")
    return _event(fields, make, services)


def _event(fields: Fields, make: Callable[[Fields, str], Payload | None], services: Services) -> Outcome:
    ts = parse_iso8601(fields.get("timestamp"))
    src, dst = endpoint(fields, "src_ip", "src_port"), endpoint(fields, "dst_ip", "dst_port")
    if ts is None:
        return Rejected("no valid timestamp")
    if src is None:
        return Rejected("src_ip is not an IP address")
    if fields["eventid"].startswith(_FORWARDS):
        src, dst = (src[0], None), None
    session = text(fields, "session", 255)
    payload = make(fields, services.of(fields, session))
    if payload is None:
        return Rejected("a field of this eventid is missing")
    return Parsed(ts, (payload,), src, dst, session, text(fields, "sensor", 255))


def _connected(_fields: Fields, service: str) -> Payload:
    return ConnectionOpened(service)


def _version(fields: Fields, service: str) -> Payload | None:
    version = text(fields, "version", 512)
    return None if version is None else ClientIdentified(service, version)


def _login(fields: Fields, service: str) -> Payload | None:
    username, success = text(fields, "username"), fields["eventid"] == "cowrie.login.success"
    if username is None:
        return None
    key = _key_fingerprint(fields)
    if key is not None:
        return LoginAttempt(service, username, success, "publickey", public_key=key)
    return LoginAttempt(service, username, success, password=text(fields, "password"))


def _key_fingerprint(fields: Fields) -> str | None:
    """Return the key's fingerprint as OpenSSH prints it when Cowrie logs the key, else the one that Cowrie computed."""
    parts = (text(fields, "key", 20_000) or "").split()
    try:
        blob = base64.b64decode(parts[1], validate=True)
    except (IndexError, binascii.Error, ValueError):
        return text(fields, "fingerprint", 255)
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).rstrip(b"=").decode()


def _opened(_fields: Fields, service: str) -> Payload:
    return SessionOpened(service)


def _command(fields: Fields, service: str) -> Payload | None:
    command = text(fields, "input", 8192)
    return None if command is None else CommandRun(service, command)


def _file(fields: Fields, service: str) -> Payload | None:
    sha256 = text(fields, "shasum", 64)
    if sha256 is None:
        return None
    name = text(fields, "destfile") or text(fields, "filename")
    return FileCaptured(service, sha256, count(fields, "size") or 0, name, text(fields, "url"))


def _closed(fields: Fields, service: str) -> Payload:
    milliseconds = count(fields, "duration_ms")
    if milliseconds is None:  # Cowrie 2 gives seconds
        milliseconds = (count({"ms": _thousandfold(fields.get("duration"))}, "ms")) or 0
    return SessionClosed(service, milliseconds)


def _thousandfold(value: object) -> float | None:
    try:
        return float(value) * 1000 if isinstance(value, int | float | str) else None
    except (ValueError, OverflowError):
        return None


def _request(action: str, envelope: tuple[str, ...] = _ENVELOPE) -> Callable[[Fields, str], Payload]:
    def make(fields: Fields, service: str) -> Payload:
        return ServiceRequest(service, action, details(fields, *envelope))

    return make


def _forward(action: str) -> Callable[[Fields, str], Payload]:
    return _request(action, tuple(name for name in _ENVELOPE if name not in ("src_port", "dst_ip", "dst_port")))


_FORWARDS = ("cowrie.direct-tcpip.", "cowrie.tunnelproxy-tcpip.")


_KINDS: dict[str, Callable[[Fields, str], Payload | None]] = {
    _BEGIN: _connected,
    "cowrie.client.version": _version,
    "cowrie.login.success": _login,
    "cowrie.login.failed": _login,
    "cowrie.session.params": _opened,
    "cowrie.command.input": _command,
    "cowrie.session.file_download": _file,
    "cowrie.session.file_upload": _file,
    _END: _closed,
    "cowrie.command.failed": _request("command-not-found"),
    "cowrie.command.chpasswd": _request("change-password"),
    "cowrie.session.file_download.failed": _request("download-failed"),
    "cowrie.session.input": _request("input"),
    "cowrie.log.closed": _request("recording"),
    "cowrie.client.kex": _request("key-exchange"),
    "cowrie.client.var": _request("environment"),
    "cowrie.client.malformed_packet": _request("malformed-packet"),
    "cowrie.direct-tcpip.request": _forward("forward"),
    "cowrie.direct-tcpip.data": _forward("forward-data"),
    "cowrie.direct-tcpip.redirect": _forward("forward-redirect"),
    "cowrie.direct-tcpip.tunnel": _forward("forward-tunnel"),
    "cowrie.direct-tcpip.ja4": _forward("forward-ja4"),
    "cowrie.direct-tcpip.ja4h": _forward("forward-ja4h"),
    "cowrie.tunnelproxy-tcpip.data": _forward("forward-data"),
    "cowrie.telnet.error": _request("protocol-error"),
    "cowrie.telnet.exploit_attempt": _request("exploit-attempt"),
    "cowrie.telnet.exploit_success": _request("exploit-success"),
    "cowrie.telnet.option": _request("telnet-option"),
}

_NOT_ATTACKERS = frozenset({
    "cowrie.client.fingerprint",  # the login that follows names the same key
    "cowrie.client.size",
    "cowrie.command.success",
    "cowrie.log.open",
})  # fmt: skip

_LOOKUPS = (
    "cowrie.abuseipdb.",
    "cowrie.greynoise.",
    "cowrie.malwarebazaar.",
    "cowrie.proxy.",
    "cowrie.reversedns.",
    "cowrie.urlhaus.",
    "cowrie.virustotal.",
)
"""Cowrie's own lookups and internals."""
