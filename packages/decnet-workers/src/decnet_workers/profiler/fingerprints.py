# SPDX-License-Identifier: MIT
"""What an event tells of the software and the stack on the attacker's side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from decnet_core.events.catalogue import (
    CertificateProbed,
    ClientIdentified,
    HttpClient,
    HttpRequest,
    Payload,
    ProbeChanged,
    Probed,
    SshKex,
    SshProbed,
    StackProbed,
    TcpStack,
    TlsClient,
    TlsProbed,
    TlsServer,
)
from decnet_core.text import for_column
from decnet_models.attackers import tables
from decnet_models.attackers.merge import Row
from decnet_workers.profiler.observation import Touch
from decnet_workers.profiler.tools import Tool, guess, guess_stack

VALUE = 512
"""Characters of a fingerprint."""


def _software(touch: Touch, payload: ClientIdentified) -> None:
    if payload.service in ("http", "https"):
        client(touch, "http.user_agent", payload.software)
    else:
        client(touch, f"{for_column(payload.service, 22)}.software", payload.software)


def _user_agent(touch: Touch, payload: HttpRequest) -> None:
    if payload.user_agent:
        client(touch, "http.user_agent", payload.user_agent)


def client(touch: Touch, kind: str, software: str) -> None:
    """Keep how the attacker's software names itself, as a fingerprint of `kind`, and the tool that it seems to be."""
    fingerprint(touch, kind, software)
    _tool(touch, guess(software))


def _tool(touch: Touch, tool: Tool | None) -> None:
    if tool is not None:
        touch.tally.add(tables.attacker_tool, (touch.attacker, tool.name, tool.purpose), touch.seen)


def fingerprint(touch: Touch, kind: str, value: str) -> None:
    """Keep one fingerprint."""
    touch.tally.add(tables.fingerprint, (touch.attacker, kind, for_column(value, VALUE)), touch.seen)


def _tls_client(touch: Touch, payload: TlsClient) -> None:
    fingerprint(touch, "ja3", payload.ja3)
    fingerprint(touch, "ja4", payload.ja4)


def _tls_server(touch: Touch, payload: TlsServer) -> None:
    fingerprint(touch, "ja3s", payload.ja3s)


def _ssh_kex(touch: Touch, payload: SshKex) -> None:
    if payload.role == "server":
        fingerprint(touch, "hassh_server", payload.hassh)
        return
    fingerprint(touch, "hassh", payload.hassh)
    client(touch, "ssh.software", payload.software)


def _http_client(touch: Touch, payload: HttpClient) -> None:
    fingerprint(touch, "http_client", payload.headers_hash)
    if payload.user_agent:
        client(touch, "http.user_agent", payload.user_agent)


def _tcp_stack(touch: Touch, payload: TcpStack) -> None:
    fingerprint(touch, "tcp_stack", without_route(payload.signature))
    fingerprint(touch, "muonfp", payload.muonfp)
    if payload.tool:
        _tool(touch, guess_stack(payload.tool))


def without_route(signature: str) -> str:
    """Return a p0f signature with the initial TTL, `64`, in place of what was left of it and the hops, `52+12`."""
    version, _, rest = signature.partition(":")
    ttl, _, rest = rest.partition(":")
    left, _, hops = ttl.partition("+")
    known = left.isdecimal() and hops.isdecimal() and len(ttl) < 8
    return f"{version}:{int(left) + int(hops)}:{rest}" if known else signature


def probed(touch: Touch, payload: Probed) -> None:
    """Keep what a host answered; it was last seen when it last came, not when we asked it."""
    came: Row = {"events": 1, "first_seen": payload.contact, "last_seen": payload.contact}
    touch.tally.add(tables.attacker, (touch.attacker,), came)
    match payload:
        case TlsProbed(jarm=jarm):
            fingerprint(touch, "jarm", jarm)
        case CertificateProbed(sha256=sha256):
            fingerprint(touch, "certificate", sha256)
        case SshProbed(hassh=hassh):
            fingerprint(touch, "hassh_server", hassh)
        case StackProbed(signature=signature):
            fingerprint(touch, "tcp_stack", without_route(signature))
        case ProbeChanged(what=what):  # what it was and what it is are rows already
            fingerprint(touch, "rotated", what)


DETAILS: dict[type[Payload], Callable[[Touch, Any], None]] = {
    ClientIdentified: _software,
    HttpRequest: _user_agent,
    SshKex: _ssh_kex,
    HttpClient: _http_client,
    TcpStack: _tcp_stack,
    TlsClient: _tls_client,
    TlsServer: _tls_server,
}
"""What else to keep of an event, by its kind."""
