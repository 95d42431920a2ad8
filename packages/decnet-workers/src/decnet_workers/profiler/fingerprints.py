# SPDX-License-Identifier: MIT
"""What an event reveals of the attacker's software and stack."""

from collections.abc import Callable
from typing import Any

from decnet_core.events.catalogue import (
    NOT_UNDERSTOOD,
    CanaryHit,
    CertificateProbed,
    ClientIdentified,
    HttpClient,
    HttpRequest,
    Payload,
    ProbeChanged,
    Probed,
    ServiceRequest,
    SshIdentification,
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
from decnet_workers.profiler.observation import Observation
from decnet_workers.profiler.tools import Tool, guess, guess_probe, guess_stack

VALUE = 512
"""Characters of a fingerprint."""


def _software(observation: Observation, payload: ClientIdentified) -> None:
    http = payload.service in ("http", "https")
    kind = "http.user_agent" if http else f"{for_column(payload.service, 22)}.software"
    for one, count in payload.variants():
        client(observation, kind, one.software, count)


def user_agents(observation: Observation, payload: HttpRequest | CanaryHit) -> None:
    """Record the user agents that an HTTP request, and what it was folded with, named."""
    for one, count in payload.variants():
        if one.user_agent:
            client(observation, "http.user_agent", one.user_agent, count)


def client(observation: Observation, kind: str, software: str, count: int = 1) -> None:
    """Record the attacker's software, seen `count` times, as a fingerprint, and the tool that it seems to be."""
    fingerprint(observation, kind, software, count)
    _tool(observation, guess(software), count)


def _tool(observation: Observation, tool: Tool | None, count: int = 1) -> None:
    if tool is not None:
        key = (observation.attacker, tool.name, tool.purpose)
        observation.tally.add_seen(tables.attacker_tool, key, observation.seen_times(count))


def fingerprint(observation: Observation, kind: str, value: str, count: int = 1) -> None:
    """Keep one fingerprint, which the attacker showed `count` times."""
    key = (observation.attacker, kind, for_column(value, VALUE))
    observation.tally.add_seen(tables.fingerprint, key, observation.seen_times(count))


def _tls_client(observation: Observation, payload: TlsClient) -> None:
    fingerprint(observation, "ja3", payload.ja3)
    fingerprint(observation, "ja4", payload.ja4)


def _tls_server(observation: Observation, payload: TlsServer) -> None:
    fingerprint(observation, "ja3s", payload.ja3s)


def _ssh_kex(observation: Observation, payload: SshKex) -> None:
    if payload.role == "server":
        fingerprint(observation, "hassh_server", payload.hassh)
        return
    fingerprint(observation, "hassh", payload.hassh)
    client(observation, "ssh.software", payload.software)


def _ssh_identification(observation: Observation, payload: SshIdentification) -> None:
    if payload.role == "client":
        client(observation, "ssh.software", payload.software)


def _http_client(observation: Observation, payload: HttpClient) -> None:
    fingerprint(observation, "http_client", payload.headers_hash)
    if payload.user_agent:
        client(observation, "http.user_agent", payload.user_agent)


def _tcp_stack(observation: Observation, payload: TcpStack) -> None:
    fingerprint(observation, "tcp_stack", without_route(payload.signature))
    fingerprint(observation, "muonfp", payload.muonfp)
    _system(observation, payload)
    if payload.tool:
        _tool(observation, guess_stack(payload.tool))


def _request(observation: Observation, payload: ServiceRequest) -> None:
    if payload.action in NOT_UNDERSTOOD:
        for one, count in payload.variants():
            _tool(observation, guess_probe(one.detail.get("data", "")), count)


def _system(observation: Observation, payload: TcpStack | StackProbed) -> None:
    if payload.os is not None:
        fingerprint(observation, "os" if payload.os_match == "exact" else "os_guess", payload.os)


def without_route(signature: str) -> str:
    """Return a p0f signature with the initial TTL, `64`, instead of remaining TTL and hops, `52+12`."""
    version, _, rest = signature.partition(":")
    ttl, _, rest = rest.partition(":")
    left, _, hops = ttl.partition("+")
    known = left.isdecimal() and hops.isdecimal() and len(ttl) < 8
    return f"{version}:{int(left) + int(hops)}:{rest}" if known else signature


def probed(observation: Observation, payload: Probed) -> None:
    """Record what a host answered; it was last seen at its last contact, not at our probe."""
    observation.tally.add_seen(tables.attacker, (observation.attacker,), (1, payload.contact, payload.contact))
    match payload:
        case TlsProbed(jarm=jarm):
            fingerprint(observation, "jarm", jarm)
        case CertificateProbed(sha256=sha256):
            fingerprint(observation, "certificate", sha256)
        case SshProbed(hassh=hassh):
            fingerprint(observation, "hassh_server", hassh)
        case StackProbed(signature=signature):
            fingerprint(observation, "tcp_stack", without_route(signature))
            _system(observation, payload)
        case ProbeChanged(what=what):  # what it was and what it is are rows already
            fingerprint(observation, "rotated", what)


DETAILS: dict[type[Payload], Callable[[Observation, Any], None]] = {
    ClientIdentified: _software,
    HttpRequest: user_agents,
    ServiceRequest: _request,
    SshKex: _ssh_kex,
    SshIdentification: _ssh_identification,
    HttpClient: _http_client,
    TcpStack: _tcp_stack,
    TlsClient: _tls_client,
    TlsServer: _tls_server,
}
"""What else to record of an event, by its kind."""
