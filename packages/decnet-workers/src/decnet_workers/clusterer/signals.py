# SPDX-License-Identifier: MIT
"""What an event is evidence of: features of its attacker, and members of the sets that it shows."""

from collections.abc import Callable, Iterator
from ipaddress import ip_address
from typing import Any

import msgspec

from decnet_core.events.catalogue import (
    CanaryHit,
    CertificateProbed,
    ClientIdentified,
    CommandRun,
    FileCaptured,
    HttpClient,
    HttpRequest,
    LoginAttempt,
    Payload,
    SshKex,
    SshProbed,
    TcpStack,
    TlsClient,
    TlsProbed,
)
from decnet_workers.clusterer.command_text import hosts, parts, urls

_LONGEST = 1024


class Signal(msgspec.Struct, frozen=True):
    """A feature (`kind`, `value`) that an event shows; `in_set`: a member of the attacker's set of that kind."""

    kind: str
    value: str
    in_set: bool = False


def signals(payload: Payload) -> Iterator[Signal]:
    """Yield what the event shows."""
    found = _SIGNALS.get(type(payload))
    if found is not None:
        for signal in found(payload):
            if signal.value:
                yield signal


def of_address(attacker: str) -> Iterator[Signal]:
    """Yield what the address itself says: one host chooses freely within an IPv6 /64 (RFC 8981)."""
    if ":" in attacker:
        address = int(ip_address(attacker))
        yield Signal("network6", f"{address >> 64:016x}")


def _login(payload: LoginAttempt) -> Iterator[Signal]:
    for tried, _ in payload.variants():
        if tried.public_key:
            yield Signal("ssh_key", tried.public_key[:_LONGEST])
        if tried.password is not None:
            credential = f"{tried.username[:_LONGEST]}\t{tried.password[:_LONGEST]}"
            yield Signal("credential_set", credential, in_set=True)
            yield Signal("credential", credential)


def _command(payload: CommandRun) -> Iterator[Signal]:
    for run, _ in payload.variants():
        for part in parts(run.command):
            yield Signal("command_set", part, in_set=True)
            yield Signal("command", part)
        yield from (Signal("url", url[:_LONGEST]) for url in urls(run.command))
        yield from (Signal("host", host) for host in hosts(run.command))


def _file(payload: FileCaptured) -> Iterator[Signal]:
    yield Signal("payload", payload.sha256[:64])
    if payload.url:
        yield from (Signal("url", url[:_LONGEST]) for url in urls(payload.url))
        yield from (Signal("host", host) for host in hosts(payload.url))


def _request(payload: HttpRequest) -> Iterator[Signal]:
    for request, _ in payload.variants():
        if request.user_agent:
            yield Signal("user_agent", request.user_agent[:_LONGEST])
        text = f"{request.target} {request.body or ''}"
        yield from (Signal("url", url[:_LONGEST]) for url in urls(text))
        yield from (Signal("host", host) for host in hosts(text))


def _identified(payload: ClientIdentified) -> Iterator[Signal]:
    kind = "user_agent" if payload.service in ("http", "https") else "ssh_client" if payload.service == "ssh" else ""
    if kind:
        for one, _ in payload.variants():
            yield Signal(kind, one.software[:_LONGEST])


def _kex(payload: SshKex) -> Iterator[Signal]:
    if payload.role == "server":
        yield Signal("hassh_server", payload.hassh)
    else:
        yield Signal("hassh", payload.hassh)
        yield Signal("ssh_client", payload.software[:_LONGEST])


def _http(payload: HttpClient) -> Iterator[Signal]:
    yield Signal("http_client", payload.headers_hash)
    if payload.user_agent:
        yield Signal("user_agent", payload.user_agent[:_LONGEST])


def _canary(payload: CanaryHit) -> Iterator[Signal]:
    yield Signal("canary", payload.token[:_LONGEST])
    for hit, _ in payload.variants():
        if hit.user_agent:
            yield Signal("user_agent", hit.user_agent[:_LONGEST])


_SIGNALS: dict[type[Payload], Callable[[Any], Iterator[Signal]]] = {
    LoginAttempt: _login,
    CommandRun: _command,
    FileCaptured: _file,
    HttpRequest: _request,
    ClientIdentified: _identified,
    SshKex: _kex,
    HttpClient: _http,
    CanaryHit: _canary,
    TcpStack: lambda payload: iter([Signal("tcp_stack", payload.muonfp)]),
    TlsClient: lambda payload: iter([Signal("ja4", payload.ja4)]),
    TlsProbed: lambda payload: iter([Signal("jarm", payload.jarm)]),
    CertificateProbed: lambda payload: iter([Signal("certificate", payload.sha256)]),
    SshProbed: lambda payload: iter([Signal("hassh_server", payload.hassh)]),
}

KINDS_READ = tuple(_SIGNALS)
"""The kinds of event that are evidence."""
