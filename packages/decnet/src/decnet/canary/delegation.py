# SPDX-License-Identifier: MIT
"""Checks that DNS queries for the canary's zone reach its receiver: directly, by TCP, and through a resolver."""

import ipaddress
import socket
import struct
from pathlib import Path

import msgspec

from decnet.cli.errors import WrongUsageError
from decnet_core.net.addresses import parse_endpoint
from decnet_workers.canary.settings import CanarySettings, listen_address

_SECONDS = 3.0
_NXDOMAIN, _SOA = 3, 6
_HEADER = struct.Struct("!6H")
_RESERVED = ("test", "example", "invalid", "localhost", "local", "internal")
"""Top-level names that nobody can delegate (RFC 2606, RFC 6761, RFC 6762)."""


class DelegationCheck(msgspec.Struct, frozen=True):
    """One thing that was checked; `remedy` says what to do when it does not hold."""

    what: str
    ok: bool
    remedy: str = ""


class DnsResponse(msgspec.Struct, frozen=True):
    """What matters of a response."""

    rcode: int
    authoritative: bool
    authority: int
    """How many records are in its authority section."""


def check_delegation(settings: CanarySettings, resolver: str, *, name: str) -> list[DelegationCheck]:
    """Return what was found, in order; `name` is a label that nobody has asked for, so no cache answers."""
    zone = settings.zone.strip(".").lower()
    if not settings.dns_listen:
        return [
            DelegationCheck("the DNS receiver is on", ok=False, remedy='set [canary] dns_listen, e.g. "0.0.0.0:53"')
        ]
    host, port = listen_address(settings.dns_listen)
    here = _reachable(host), port
    asked = f"{name}.{zone}"
    answers = {how: _asked(here, asked, tcp=how == "TCP") for how in ("UDP", "TCP")}
    steps = [_direct(how, here, answer) for how, answer in answers.items()]
    steps.append(_standard_port(port))
    delegable = zone.rpartition(".")[2] not in _RESERVED
    steps.append(
        DelegationCheck(
            f"the zone {zone} can be delegated",
            ok=delegable,
            remedy="set [canary] zone to a name below a domain of yours, e.g. cdn.example.net",
        )
    )
    if delegable and all(step.ok for step in steps[:2]):
        steps.append(_through(resolver, asked, zone, settings))
    return steps


def system_resolver() -> str:
    """Return the first name server of /etc/resolv.conf; raises WrongUsageError."""
    try:
        lines = Path("/etc/resolv.conf").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    for line in lines:
        words = line.split()
        if len(words) > 1 and words[0] == "nameserver":
            return words[1]
    raise WrongUsageError("this host has no resolver in /etc/resolv.conf: name one (resolver)")


def _direct(how: str, here: tuple[str, int], answer: DnsResponse | None) -> DelegationCheck:
    ok = answer is not None and answer.authoritative and answer.rcode == _NXDOMAIN
    remedy = (
        "start the fleet, or the worker canary; see decnet status"
        if answer is None
        else ("another name server answers at this address: give [canary] dns_listen one of its own")
    )
    return DelegationCheck(f"the receiver answers by {how} at {here[0]} port {here[1]}", ok=ok, remedy=remedy)


def _standard_port(port: int) -> DelegationCheck:
    remedy = "resolvers ask port 53 only: set [canary] dns_listen to port 53, or forward UDP and TCP port 53 to it"
    return DelegationCheck("the receiver is at port 53", ok=port == 53, remedy=remedy)


def _through(resolver: str, asked: str, zone: str, settings: CanarySettings) -> DelegationCheck:
    """Ask a resolver for a name that only our server can deny, as the zone's own authority."""
    where = _resolver_address(resolver)
    answer = _asked(where, asked, tcp=False)
    what = f"the resolver {where[0]} reaches the receiver for {zone}"
    parent = zone.partition(".")[2]
    addresses = ", ".join(map(str, settings.addresses())) or "its public address"
    records = f"{zone}. NS ns1.{zone}. and ns1.{zone}. A {addresses} (glue)"
    if answer is None:
        return DelegationCheck(what, ok=False, remedy="the resolver does not answer: name another (resolver)")
    if answer.rcode == _NXDOMAIN and answer.authority and _owner_is_zone(where, asked, zone):
        return DelegationCheck(what, ok=True)
    if answer.rcode == _NXDOMAIN:
        return DelegationCheck(what, ok=False, remedy=f"the zone is not delegated: have {parent} serve {records}")
    remedy = f"the delegation leads elsewhere, or a firewall drops port 53: {parent} must serve {records}"
    return DelegationCheck(what, ok=False, remedy=remedy)


def _owner_is_zone(where: tuple[str, int], asked: str, zone: str) -> bool:
    """Return whether the denial comes with the SOA of the zone itself, not of one above it."""
    response = _exchange(where, _query(asked), tcp=False)
    found = None if response is None else _soa_owner(response)
    return found == zone


def _asked(where: tuple[str, int], name: str, *, tcp: bool) -> DnsResponse | None:
    response = _exchange(where, _query(name), tcp=tcp)
    if response is None or len(response) < _HEADER.size:
        return None
    _, flags, _, _, authority, _ = _HEADER.unpack_from(response)
    return DnsResponse(flags & 0xF, bool(flags & 0x0400), authority)


def _query(name: str) -> bytes:
    labels = b"".join(bytes([len(part)]) + part.encode("ascii") for part in name.split("."))
    return _HEADER.pack(0x2B67, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!2H", 1, 1)


def _exchange(where: tuple[str, int], message: bytes, *, tcp: bool) -> bytes | None:
    family = socket.AF_INET6 if ":" in where[0] else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM) as sock:
            sock.settimeout(_SECONDS)
            sock.connect(where)
            sock.sendall(struct.pack("!H", len(message)) + message if tcp else message)
            response = sock.recv(4096)
    except OSError:
        return None
    return response[2:] if tcp else response


def _soa_owner(response: bytes) -> str | None:
    """Return the owner of the first record of the authority section if it is an SOA; None also for a bad message."""
    try:
        _, _, _, answers, authority, _ = _HEADER.unpack_from(response)
        at = _after_name(response, _HEADER.size) + 4
        for _ in range(answers):
            at = _after_record(response, at)
        if not authority:
            return None
        kind = struct.unpack_from("!H", response, _after_name(response, at))[0]
        return _name_at(response, at) if kind == _SOA else None
    except (struct.error, IndexError, UnicodeDecodeError):
        return None


def _after_record(response: bytes, at: int) -> int:
    after = _after_name(response, at)
    return after + 10 + int(struct.unpack_from("!H", response, after + 8)[0])


def _after_name(response: bytes, at: int) -> int:
    while length := response[at]:
        if length >= 0xC0:
            return at + 2
        at += 1 + length
    return at + 1


def _name_at(response: bytes, at: int) -> str:
    labels: list[str] = []
    for _ in range(128):  # also bounds a loop of pointers
        length = response[at]
        if length == 0:
            break
        if length >= 0xC0:
            at = struct.unpack_from("!H", response, at)[0] & 0x3FFF
            continue
        labels.append(response[at + 1 : at + 1 + length].decode("ascii").lower())
        at += 1 + length
    return ".".join(labels)


def _reachable(host: str) -> str:
    """Return an address at which a receiver that listens on every address is reached from here."""
    address = ipaddress.ip_address(host)
    if not address.is_unspecified:
        return host
    return "127.0.0.1" if address.version == 4 else "::1"


def _resolver_address(text: str) -> tuple[str, int]:
    try:
        return str(ipaddress.ip_address(text)), 53
    except ValueError:
        pass
    try:
        return parse_endpoint(text)
    except ValueError as error:
        raise WrongUsageError(f"resolver {text!r}: {error}") from error
